// Clicks, hovers and brushes on a native Plotly chart, told to Python; and a highlight trace moved in place.
// The chart is found by the class that Streamlit gives to its key, so it can stand anywhere on the page.
const charts = new WeakMap()

const pointOf = (p) => ({
  curve: p.curveNumber,
  point: Array.isArray(p.pointNumber) ? p.pointNumber : (p.pointIndex ?? p.pointNumber),
  x: p.x, y: p.y, z: p.z ?? null, customdata: p.customdata ?? null,
})

// Only what has moved is drawn anew.
function markIn(gd, marks) {
  const placed = marks
    .map((mark) => ({ ...mark, index: gd.data.findIndex((trace) => trace.name === mark.trace) }))
    .filter(({ index, x, y }) => index >= 0 && !same(gd.data[index], { x, y }))
  if (!placed.length || !window.Plotly) return
  const all = (name) => placed.map((mark) => mark[name])
  window.Plotly.restyle(gd, { x: all('x'), y: all('y') }, all('index'))
}

const same = (trace, { x, y }) =>
  JSON.stringify([Array.from(trace.x ?? []), Array.from(trace.y ?? [])]) === JSON.stringify([x, y])

// A thumb on the chart scrolls the page; a tap still clicks.
function freeScrolling(gd) {
  if (window.Plotly && matchMedia('(pointer: coarse)').matches) window.Plotly.relayout(gd, { dragmode: false })
}

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? {}
  charts.set(parentElement, chart)
  chart.data = data
  if (chart.observer) {
    if (chart.gd) markIn(chart.gd, data.marks)
  } else {
    chart.observer = observe(chart, setTriggerValue)
  }
  return () => {
    chart.observer.disconnect()
    clearTimeout(chart.timer)
    charts.delete(parentElement)
  }
}

function observe(chart, setTriggerValue) {
  const listeners = {
    plotly_click: (event) => setTriggerValue('click', pointOf(event.points[0])),
    plotly_hover: (event) => {
      clearTimeout(chart.timer)
      chart.timer = setTimeout(() => setTriggerValue('hover', pointOf(event.points[0])), chart.data.hoverMs)
    },
    plotly_unhover: () => clearTimeout(chart.timer),
    plotly_selected: (event) => event && setTriggerValue('brush', { points: event.points.map(pointOf) }),
  }
  const attach = () => {
    const gd = document.querySelector(`.st-key-${CSS.escape(chart.data.target)} .js-plotly-plot`)
    if (!gd?.on || !gd._fullLayout || gd === chart.gd) return
    chart.gd = gd
    chart.data.events.forEach((name) => gd.on(name, listeners[name]))
    freeScrolling(gd)
    markIn(gd, chart.data.marks)
  }
  const observer = new MutationObserver(attach)
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['class'] })
  attach()
  return observer
}
