// A canvas to draw on. Python gets the strokes at the end of each, as lists of [x, y] in lengths of the longer edge.
const LONG = 512 // pixels of the longer edge
const NEAR = 0.004 // points nearer than this to the last one are left out

const STYLE = `
  section { display: grid; gap: 6px; justify-items: start }
  canvas { width: min(100%, 200px); height: auto; touch-action: none; cursor: crosshair; border-radius: 6px;
    border: 1px solid var(--st-border-color) }
  div { display: flex; gap: 6px }
  button { font: 0.875rem var(--st-font); color: var(--st-text-color); background: none; cursor: pointer;
    padding: 4px 10px; border: 1px solid var(--st-border-color); border-radius: 6px }
  button:disabled { opacity: .5; cursor: default }
  @media (pointer: coarse) { button { min-height: 40px; min-width: 40px } }
`

const canvases = new WeakMap()

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

class Canvas {
  constructor(parentElement, { height, width, label, strokes }) {
    const scale = LONG / Math.max(height, width)
    this.strokes = strokes
    this.canvas = element('canvas', {
      width: Math.round(width * scale), height: Math.round(height * scale), role: 'img', 'aria-label': label,
    })
    this.undo = this.button('Undo', () => this.strokes.pop())
    this.clear = this.button('Clear', () => { this.strokes = [] })
    parentElement.append(
      element('style', {}, STYLE),
      element('section', {}, this.canvas, element('div', {}, this.undo, this.clear)),
    )
    this.canvas.addEventListener('pointerdown', (event) => this.begin(event))
    this.canvas.addEventListener('pointermove', (event) => this.extend(event))
    for (const end of ['pointerup', 'pointercancel']) this.canvas.addEventListener(end, () => this.end())
  }

  button(text, change) {
    const made = element('button', { type: 'button' }, text)
    made.addEventListener('click', () => { change(); this.send() })
    return made
  }

  begin(event) {
    if (event.button) return
    this.canvas.setPointerCapture(event.pointerId)
    this.stroke = [this.pointOf(event)]
    this.strokes.push(this.stroke)
    this.paint()
  }

  extend(event) {
    if (!this.stroke) return
    for (const one of event.getCoalescedEvents?.() ?? [event]) this.add(this.pointOf(one))
    this.paint()
  }

  add([x, y]) {
    const [lastX, lastY] = this.stroke.at(-1)
    if (Math.hypot(x - lastX, y - lastY) > NEAR) this.stroke.push([x, y])
  }

  end() {
    if (!this.stroke) return
    this.stroke = null
    this.send()
  }

  pointOf({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect()
    const long = Math.max(box.width, box.height)
    const clipped = (value, most) => Math.round(Math.min(Math.max(value, 0), most) / long * 10_000) / 10_000
    return [clipped(clientX - box.left, box.width), clipped(clientY - box.top, box.height)]
  }

  send() {
    this.paint()
    this.setStateValue('strokes', this.strokes)
  }

  paint() {
    const context = this.canvas.getContext('2d')
    const { ground, ink, pen } = this.data
    context.fillStyle = ground
    context.fillRect(0, 0, this.canvas.width, this.canvas.height)
    Object.assign(context, { strokeStyle: ink, lineWidth: pen * LONG, lineCap: 'round', lineJoin: 'round' })
    for (const [first, ...others] of this.strokes) {
      context.beginPath()
      context.moveTo(first[0] * LONG, first[1] * LONG)
      for (const [x, y] of others.length ? others : [first]) context.lineTo(x * LONG, y * LONG)
      context.stroke()
    }
    this.undo.disabled = this.clear.disabled = !this.strokes.length
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const made = canvases.get(parentElement) ?? new Canvas(parentElement, data)
  canvases.set(parentElement, made)
  Object.assign(made, { data, setStateValue })
  if (!made.stroke) made.paint()
  return () => {
    canvases.delete(parentElement)
    parentElement.replaceChildren()
  }
}
