// Sends clicks, hovers and brushes on a native Plotly chart to Python, and draws marks and additions in it.
// The chart is found by the class that Streamlit gives to its key, so it can be anywhere on the page.
const charts = new WeakMap()
// By the chart's element: the timer of a hover that has not been sent yet.
const hovers = new WeakMap()

document.documentElement.dataset.hears = '' // see ../unheard.css

// A click on a chart that nobody listens to yet, as it was drawn just now, waits for who will. While the connection to
// the server is away, Streamlit draws charts that report no click: then it is heard here.
const heard = new WeakMap()
const early = new WeakMap()
addEventListener('click', ({ target }) => {
  const gd = target.closest?.('.js-plotly-plot')
  if (!gd?._hoverdata?.length) return
  const { on, onClick } = heard.get(gd) ?? {}
  if (on !== gd.on) early.set(gd, gd._hoverdata)
  else if (gd._fullLayout?.clickmode === 'none') onClick({ points: gd._hoverdata })
}, true)

function hearClicks(gd, onClick) {
  heard.set(gd, { on: gd.on, onClick })
  const points = early.get(gd)
  early.delete(gd)
  if (points) onClick({ points })
}

// Streamlit drops what is sent while its connection is away, as behind a proxy that cuts it; what was sent right before
// may be lost, too. Both are sent again: Python knows the numbers of the clicks that it has heard.
const RIGHT_BEFORE = 2000 // ms
const senders = new Set()
let awaySince = null

function followConnection() {
  const app = document.querySelector('[data-testid="stApp"]')
  if (!app?.dataset.testConnectionState) return
  new MutationObserver(() => {
    if (app.dataset.testConnectionState !== 'CONNECTED') {
      awaySince ??= Date.now()
    } else if (awaySince !== null) {
      const since = awaySince - RIGHT_BEFORE
      awaySince = null
      for (const chart of senders) if (chart.clicks?.at(-1).number >= since) chart.sendClicks(since)
    }
  }).observe(app, { attributes: true, attributeFilter: ['data-test-connection-state'] })
}

followConnection()

const pointOf = (p) => ({
  curve: p.curveNumber,
  point: Array.isArray(p.pointNumber) ? p.pointNumber : (p.pointIndex ?? p.pointNumber),
  x: p.x, y: p.y, z: p.z ?? null, customdata: p.customdata ?? null,
})

// Circles that lie upon one another cannot be told apart by a click: it names all that are this near, in pixels.
const NEAR = 3

function stackOf(gd, clicked) {
  const { xaxis, yaxis } = gd._fullLayout
  const [left, top] = [xaxis.d2p(clicked.x), yaxis.d2p(clicked.y)]
  const near = []
  for (const { x, y, customdata } of pointTraces(gd)) { // plain loops: there may be 50,000, and every click waits
    for (let i = 0; i < x.length; i++) {
      if (Math.hypot(xaxis.d2p(x[i]) - left, yaxis.d2p(y[i]) - top) <= NEAR) near.push(customdata?.[i])
    }
  }
  return near
}

// Marks are shapes that look like the trace they are named after, which stays empty: moving a shape redraws no circle.
function markIn(gd, marks) {
  if (!window.Plotly) return
  const isMark = ({ name }) => marks.some(({ trace }) => trace === name)
  const [placed, others] = [[], []]
  for (const shape of gd.layout.shapes ?? []) (isMark(shape) ? placed : others).push(shape)
  const shapes = marks.flatMap((mark) => shapesOf(gd.data.find(({ name }) => name === mark.trace), mark))
  if (JSON.stringify(shapes) !== JSON.stringify(placed)) window.Plotly.relayout(gd, { shapes: [...others, ...shapes] })
}

function shapesOf(trace, { x, y }) {
  if (!trace) return []
  const { name, mode, marker, line, meta } = trace
  if (mode === 'lines') {
    const ends = (i) => ({ x0: x[i], y0: y[i], x1: x[i + 1], y1: y[i + 1] })
    const segments = Array.from(x.keys()).filter((i) => i + 1 < x.length && x[i] !== null && x[i + 1] !== null)
    return segments.map((i) => ({ name, type: 'line', layer: 'below', line, ...ends(i) }))
  }
  // A path: on a logarithmic axis, Plotly takes the pixels of a circle shape for values, which may not be negative.
  const r = marker.size / 2, c = 0.5523 * r
  const path = `M${r},0C${r},${c} ${c},${r} 0,${r}C${-c},${r} ${-r},${c} ${-r},0` +
    `C${-r},${-c} ${-c},${-r} 0,${-r}C${c},${-r} ${r},${-c} ${r},0Z`
  const dash = meta?.dash ?? 'solid'
  const stroke = { color: meta?.dash ? marker.line.color : marker.color, width: marker.line.width, dash }
  const ring = { name, type: 'path', path, line: stroke, xsizemode: 'pixel', ysizemode: 'pixel' }
  return Array.from(x.keys(), (i) => ({ ...ring, xanchor: x[i], yanchor: y[i] }))
}

// Additions are new values of small traces, in one step: the large trace and what the visitor zoomed to stay.
function placeIn(gd, { traces, colours, axes }) {
  if (!traces || !window.Plotly) return
  const [values, layout] = [tracesToChange(gd, traces), {}]
  if (colours && String(colours) !== String([gd.layout.coloraxis?.cmin, gd.layout.coloraxis?.cmax])) {
    Object.assign(layout, { 'coloraxis.cmin': colours[0], 'coloraxis.cmax': colours[1] })
  }
  Object.assign(layout, axesToChange(gd, axes))
  if (values.indices.length) window.Plotly.update(gd, values.update, layout, values.indices)
  else if (Object.keys(layout).length) window.Plotly.relayout(gd, layout)
}

// By chart: what was last put into each of its traces, as text.
const placed = new WeakMap()

function tracesToChange(gd, traces) {
  if (!placed.has(gd)) placed.set(gd, {})
  const [known, update, indices] = [placed.get(gd), {}, []]
  const changed = Object.entries(traces).filter(([name, { x }]) => {
    const trace = gd.data.find((one) => one.name === name)
    const isEmpty = !x.length && trace?.x.length === 0 // most are, and an update draws all circles again
    return trace && !isEmpty && (known[name] !== JSON.stringify(traces[name]) || trace.x.length !== x.length)
  })
  for (const [name, attributes] of changed) {
    known[name] = JSON.stringify(attributes)
    for (const path of Object.keys(attributes)) update[path] ??= Array(changed.length).fill(undefined)
    for (const [path, value] of Object.entries(attributes)) update[path][indices.length] = value
    indices.push(gd.data.findIndex((one) => one.name === name))
  }
  return { update, indices }
}

// The points of a large trace, when the figure has its size: Streamlit draws a figure once before that, out of sight.
function fillIn(gd, { trace, points, figure }) {
  const index = gd.data.findIndex(({ name }) => name === trace)
  if (!window.Plotly || gd.layout.meta !== figure || !gd.layout.width || index < 0) return
  const { x } = gd.data[index]
  if (x.length || x.bdata) return
  const update = Object.fromEntries(Object.entries(points).map(([path, values]) => [path, [values]]))
  window.Plotly.restyle(gd, update, [index])
}

// By chart: the ends of each axis that the figure or the app has set. Others are the visitor's own, and stay.
const ends = new WeakMap()

function axesToChange(gd, axes = {}) {
  const layout = {}
  if (!ends.has(gd)) ends.set(gd, {})
  const ours = ends.get(gd)
  for (const [axis, { drawn, wanted }] of Object.entries(axes)) {
    const present = String(Array.from(gd.layout[axis].range))
    ours[axis] ??= new Set([present])
    ours[axis].add(String(drawn))
    // under the pointer, circles would move away from it; they do when it leaves
    if (!wanted || gd.matches(':hover') || !ours[axis].has(present) || present === String(wanted)) continue
    layout[`${axis}.range`] = wanted
    ours[axis].add(String(wanted))
  }
  return layout
}

let clicks = 0

// Arrows go from model to model, left and right along the front, up and down through all; Enter is a click.
function onKey(event, gd, chart) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }
  if (event.key === 'Enter' && chart.focused) return chart.sendClick(pointOf(chart.focused))
  if (!(event.key in steps)) return
  event.preventDefault()
  const isAlongFront = event.key === 'ArrowLeft' || event.key === 'ArrowRight'
  const points = isAlongFront ? frontOf(gd) : pointsOf(gd).sort((a, b) => a.y - b.y || a.x - b.x)
  if (!points.length) return
  const at = points.findIndex((point) => point.customdata === chart.focused?.customdata)
  const next = at < 0 ? 0 : Math.min(points.length - 1, Math.max(0, at + steps[event.key]))
  focusPoint(gd, chart, points[next])
}

// The traces that Plotly has read: in those that were sent, numbers may still be packed as text.
function pointTraces(gd) {
  return gd._fullData.filter(({ name }) => ['models', 'arrived', 'running', 'waiting'].includes(name))
}

function pointsOf(gd) {
  return pointTraces(gd).flatMap((trace) => Array.from(trace.x, (x, pointNumber) => ({
    curveNumber: trace.index, pointNumber, x, y: trace.y[pointNumber], customdata: trace.customdata?.[pointNumber],
    text: trace.hovertext?.[pointNumber],
  })))
}

function frontOf(gd) {
  const front = gd._fullData.find(({ mode, line }) => mode === 'lines' && line?.shape === 'hv')
  const all = pointsOf(gd)
  return Array.from(front?.x ?? [], (x, i) => all.find((p) => p.x === x && p.y === front.y[i])).filter(Boolean)
}

function focusPoint(gd, chart, point) {
  chart.focused = point
  const { curveNumber, pointNumber } = point
  window.Plotly.Fx.hover(gd, [{ curveNumber, pointNumber }])
  markIn(gd, [{ trace: 'focused', x: [point.x], y: [point.y] }])
  chart.spoken.textContent = (point.text ?? `#${point.customdata}`).replace(/<br>/g, ', ').replace(/<[^>]*>/g, '')
}

// A thumb on the chart scrolls the page; a tap still clicks. The chart forgets this whenever the page redraws it.
function freeScrolling(gd) {
  const thumb = matchMedia('(pointer: coarse)').matches
  if (thumb && window.Plotly && gd._fullLayout.dragmode !== false) window.Plotly.relayout(gd, { dragmode: false })
}

function begin({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? {}
  charts.set(parentElement, chart)
  if (data instanceof Uint8Array) data = readOnce(data, chart)
  // The page may put another chart in this place: this state then belongs to that one.
  chart.data = data
  chart.send = setTriggerValue
  if (chart.observer) {
    chart.attach()
    if (chart.gd) drawIn(chart.gd, data)
  } else {
    chart.spoken = spokenIn(parentElement)
    chart.observer = observe(chart)
    senders.add(chart)
  }
  return () => {
    chart.observer.disconnect()
    senders.delete(chart)
    clearTimeout(hovers.get(chart.gd))
    charts.delete(parentElement)
  }
}

// Large data comes as bytes, the same ones for as long as the figure stays.
function readOnce(bytes, chart) {
  if (chart.bytes !== bytes) Object.assign(chart, { bytes, read: JSON.parse(new TextDecoder().decode(bytes)) })
  return chart.read
}

function drawIn(gd, data) {
  if (data.points) return fillIn(gd, data)
  placeIn(gd, data)
  markIn(gd, data.marks)
}

// What the keyboard points at, in words for screen readers.
function spokenIn(parentElement) {
  const spoken = document.createElement('div')
  spoken.setAttribute('aria-live', 'polite')
  spoken.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)'
  parentElement.appendChild(spoken)
  return spoken
}

// Charts that listen to keys: an element keeps its listeners when the page draws another chart in it.
const keyed = new WeakMap()

function listenToKeys(gd, chart) {
  const isNew = !keyed.has(gd)
  keyed.set(gd, chart)
  gd.tabIndex = 0
  gd.setAttribute('role', 'application')
  gd.setAttribute('aria-label', chart.data.keys)
  if (isNew) gd.addEventListener('keydown', (event) => onKey(event, gd, keyed.get(gd)))
}

function observe(chart) {
  // Streamlit sends simultaneous events together, and as events of a fragment if one of them is a hover: only that
  // fragment would then answer a click. So a click cancels the pending hover and is sent separately.
  const send = (name, value) => {
    clearTimeout(hovers.get(chart.gd))
    setTimeout(() => chart.send(name, value))
  }
  // Of clicks that come faster than the app answers, Streamlit passes on the last: so it brings the latest ones along.
  const sendClick = (point) => {
    chart.clicks = [...(chart.clicks ?? []), { ...point, number: Date.now() + ++clicks / 1000 }].slice(-8)
    chart.sendClicks(0)
  }
  chart.sendClicks = (since) => send('click', { clicks: chart.clicks.filter(({ number }) => number >= since) })
  chart.sendClick = sendClick
  const listeners = {
    plotly_click: (event) => {
      const point = pointOf(event.points[0])
      sendClick(chart.data.keys ? { ...point, stack: stackOf(chart.gd, point) } : point)
    },
    plotly_hover: (event) => {
      clearTimeout(hovers.get(chart.gd))
      const point = pointOf(event.points[0])
      hovers.set(chart.gd, setTimeout(() => chart.send('hover', point), chart.data.hoverMs))
    },
    plotly_unhover: () => clearTimeout(hovers.get(chart.gd)),
    plotly_selected: (event) => event && send('brush', { points: event.points.map(pointOf) }),
  }
  chart.attach = () => {
    const gd = document.querySelector(`.st-key-${CSS.escape(chart.data.target)} .js-plotly-plot`)
    const events = chart.data.events.join()
    if (!gd?.on || !gd._fullLayout || (gd.on === chart.on && events === chart.events)) return
    if (gd.on === chart.on) Object.keys(listeners).forEach((name) => gd.removeListener(name, listeners[name]))
    Object.assign(chart, { gd, on: gd.on, events })  // a chart redrawn in its old place has another `on`
    chart.data.events.forEach((name) => gd.on(name, listeners[name]))
    if (chart.data.events.includes('plotly_click')) hearClicks(gd, listeners.plotly_click)
    const redrawn = () => {  // the page may redraw it without the marks
      freeScrolling(gd)
      drawIn(gd, chart.data)
    }
    if (chart.data.keys) listenToKeys(gd, chart)
    gd.addEventListener('mouseleave', () => placeIn(gd, chart.data))
    gd.on('plotly_afterplot', redrawn)
    gd.on('plotly_react', redrawn)
    redrawn()
  }
  const observer = new MutationObserver(chart.attach)
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['class'] })
  chart.attach()
  return observer
}

// What one press changes is one step in the history of the browser, so that Back needs one press, too. Streamlit makes
// two steps of a change of the page: its name, and what the app writes into the URL there.
function joinSteps() {
  if (history.joinsSteps) return
  history.joinsSteps = true
  let isJoined = false
  const push = history.pushState.bind(history)
  history.pushState = (...step) => {
    if (isJoined) history.replaceState(...step)
    else push(...step)
    isJoined = true
  }
  for (const press of ['pointerdown', 'click', 'keydown']) addEventListener(press, () => { isJoined = false }, true)
  addEventListener('popstate', () => { isJoined = true })
}

joinSteps()

// The components of charts are a line each, and find this here (see channel.js): it is sent once, and they every time.
window.remapCharts ??= begin
export default () => window.dispatchEvent(new Event('remap-charts'))
