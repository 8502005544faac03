export default (component) => {
  let end
  const begin = () => { end = window.remapCharts(component) }
  if (window.remapCharts) begin()
  else window.addEventListener('remap-charts', begin, { once: true })
  return () => end?.()
}
