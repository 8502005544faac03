// Hints one at a time, in a card that covers nothing; that they were closed once is kept in this browser.
const SEEN = 'remap-tour-seen'

const STYLE = `
  section { display: grid; gap: 8px; padding: 10px 12px; border-radius: 6px; outline-offset: -2px;
    font: 0.875rem/1.45 var(--st-font); color: var(--st-text-color);
    background: var(--st-background-color); border: 1px solid var(--st-border-color) }
  p, dl { margin: 0 }
  dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 8px; font-size: 0.8rem }
  dt { font-weight: 600 } dd { margin: 0 }
  div { display: flex; gap: 6px; align-items: center; justify-content: space-between }
  button { font: 0.875rem var(--st-font); color: inherit; background: none; cursor: pointer; padding: 4px 9px;
    border: 1px solid var(--st-border-color); border-radius: 6px }
  @media (pointer: coarse) { button { min-height: 40px; min-width: 40px } }
`

const tours = new WeakMap()

const isTyping = ({ tagName, isContentEditable }) =>
  isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(tagName)

// A browser that keeps nothing shows the hints at every visit.
function isSeen() {
  try { return localStorage.getItem(SEEN) !== null } catch { return false }
}

function keepSeen() {
  try { localStorage.setItem(SEEN, 'yes') } catch { /* as above */ }
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

function button(text, onClick, attributes = {}) {
  const made = element('button', { type: 'button', ...attributes }, text)
  made.addEventListener('click', onClick)
  return made
}

class Tour {
  constructor(parentElement, data) {
    this.data = data
    this.step = 0
    // Screen readers say what is put into it.
    this.place = element('div', { 'aria-live': 'polite', style: 'display: block' })
    parentElement.append(element('style', {}, STYLE), this.place)
    this.onKey = (event) => this.answer(event)
    document.addEventListener('keydown', this.onKey)
    if (isSeen()) this.showButton()
    else this.showCard()
  }

  answer(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.composedPath()[0])) return
    if (event.key === '?') this.open()
    if (event.key === 'Escape' && this.card) this.close()
  }

  open() {
    document.querySelector('[data-testid="stExpandSidebarButton"]')?.click()
    this.step = 0
    this.showCard()
    this.card.focus()
    this.card.scrollIntoView({ block: 'nearest' })
  }

  close() {
    keepSeen()
    const hadFocus = this.card.contains(this.card.getRootNode().activeElement)
    this.showButton()
    if (hadFocus) this.place.querySelector('button').focus()
  }

  showButton() {
    this.card = null
    this.place.replaceChildren(button('Help', () => this.open(), { 'aria-keyshortcuts': '?' }))
  }

  showCard() {
    const { hints, keys } = this.data
    const isLast = this.step === hints.length - 1
    const steps = element('div', {}, `${this.step + 1} / ${hints.length}`, element('div', {},
      button('Close', () => this.close(), { 'aria-label': 'Close hints' }),
      ...(isLast ? [] : [button('Next', () => this.next(), { 'aria-label': 'Next hint' })]),
    ))
    const words = [element('p', {}, hints[this.step])]
    if (isLast) {
      const rows = keys.flatMap(([key, does]) => [element('dt', {}, key), element('dd', {}, does)])
      words.push(element('dl', { 'aria-label': 'Keys on the map' }, ...rows))
    }
    this.card = element('section', { role: 'dialog', 'aria-label': 'Hints', tabindex: '-1' }, ...words, steps)
    this.place.replaceChildren(this.card)
  }

  next() {
    this.step += 1
    this.showCard()
    this.card.querySelectorAll('button').item(this.step === this.data.hints.length - 1 ? 0 : 1).focus()
  }

  end() {
    document.removeEventListener('keydown', this.onKey)
  }
}

export default function ({ data, parentElement }) {
  if (!tours.has(parentElement)) tours.set(parentElement, new Tour(parentElement, data))
  return () => {
    tours.get(parentElement)?.end()
    tours.delete(parentElement)
  }
}
