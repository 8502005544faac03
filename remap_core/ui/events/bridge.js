// Sends clicks, hovers and brushes on a native Plotly chart to Python, and draws marks in it.
// The chart is found by the class that Streamlit gives to its key, so it can be anywhere on the page.
const charts = new WeakMap()
// By the chart's element: the timer of a hover that has not been sent yet.
const hovers = new WeakMap()

const pointOf = (p) => ({
  curve: p.curveNumber,
  point: Array.isArray(p.pointNumber) ? p.pointNumber : (p.pointIndex ?? p.pointNumber),
  x: p.x, y: p.y, z: p.z ?? null, customdata: p.customdata ?? null,
})

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
  const { name, mode, marker, line } = trace
  if (mode === 'lines') {
    const ends = (i) => ({ x0: x[i], y0: y[i], x1: x[i + 1], y1: y[i + 1] })
    const segments = Array.from(x.keys()).filter((i) => i + 1 < x.length && x[i] !== null && x[i + 1] !== null)
    return segments.map((i) => ({ name, type: 'line', layer: 'below', line, ...ends(i) }))
  }
  // A path: on a logarithmic axis, Plotly takes the pixels of a circle shape for values, which may not be negative.
  const r = marker.size / 2, c = 0.5523 * r
  const path = `M${r},0C${r},${c} ${c},${r} 0,${r}C${-c},${r} ${-r},${c} ${-r},0` +
    `C${-r},${-c} ${-c},${-r} 0,${-r}C${c},${-r} ${r},${-c} ${r},0Z`
  const stroke = { color: marker.color, width: marker.line.width }
  const ring = { name, type: 'path', path, line: stroke, xsizemode: 'pixel', ysizemode: 'pixel' }
  return Array.from(x.keys(), (i) => ({ ...ring, xanchor: x[i], yanchor: y[i] }))
}

// A thumb on the chart scrolls the page; a tap still clicks. The chart forgets this whenever the page redraws it.
function freeScrolling(gd) {
  const thumb = matchMedia('(pointer: coarse)').matches
  if (thumb && window.Plotly && gd._fullLayout.dragmode !== false) window.Plotly.relayout(gd, { dragmode: false })
}

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? {}
  charts.set(parentElement, chart)
  // The page may put another chart in this place: this state then belongs to that one.
  chart.data = data
  chart.send = setTriggerValue
  if (chart.observer) {
    chart.attach()
    if (chart.gd) markIn(chart.gd, data.marks)
  } else {
    chart.observer = observe(chart)
  }
  return () => {
    chart.observer.disconnect()
    clearTimeout(hovers.get(chart.gd))
    charts.delete(parentElement)
  }
}

function observe(chart) {
  // Streamlit sends simultaneous events together, and as events of a fragment if one of them is a hover: only that
  // fragment would then answer a click. So a click cancels the pending hover and is sent separately.
  const send = (name, value) => {
    clearTimeout(hovers.get(chart.gd))
    setTimeout(() => chart.send(name, value))
  }
  const listeners = {
    plotly_click: (event) => send('click', pointOf(event.points[0])),
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
    const redrawn = () => {  // the page may redraw it without the marks
      freeScrolling(gd)
      markIn(gd, chart.data.marks)
    }
    gd.on('plotly_afterplot', redrawn)
    gd.on('plotly_react', redrawn)
    redrawn()
  }
  const observer = new MutationObserver(chart.attach)
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['class'] })
  chart.attach()
  return observer
}
