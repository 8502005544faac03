// One chart's channel to Python. What it does is in bridge.js, which may come a moment later.
export default (component) => {
  let end = () => {}
  const begin = () => { end = window.remapCharts(component) }
  if (window.remapCharts) begin()
  else window.addEventListener('remap-charts', begin, { once: true })
  return () => end()
}
