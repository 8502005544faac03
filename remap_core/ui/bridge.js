// Clicks, hovers and brushes on a native Plotly chart, told to Python; and a highlight trace moved in place.
// The chart is found by the class that Streamlit gives to its key, so it can stand anywhere on the page.
const charts = new WeakMap()

const pointOf = (p) => ({
  curve: p.curveNumber,
  point: Array.isArray(p.pointNumber) ? p.pointNumber : (p.pointIndex ?? p.pointNumber),
  x: p.x, y: p.y, z: p.z ?? null, customdata: p.customdata ?? null,
})

function markIn(gd, mark) {
  const index = mark && window.Plotly ? gd.data.findIndex((trace) => trace.name === mark.trace) : -1
  if (index >= 0) window.Plotly.restyle(gd, { x: [mark.x], y: [mark.y] }, [index])
}

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? {}
  charts.set(parentElement, chart)
  chart.data = data
  if (chart.observer) {
    if (chart.gd) markIn(chart.gd, data.mark)
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
    markIn(gd, chart.data.mark)
  }
  const observer = new MutationObserver(attach)
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['class'] })
  attach()
  return observer
}
