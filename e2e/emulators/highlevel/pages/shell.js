import { control, h } from './dom.js'
import { actingUser, isInstalled, state, topBar } from './frame.js'

/** The app inside the CRM: a frame of another origin, told who looks at it when it asks. */
const root = document.querySelector('#app')
const [, place, id] = window.location.pathname.split('/')
const location = place === 'l' ? state.locations.find((one) => one.id === id) : undefined
const acting = actingUser(location)
const isThere = location
  ? isInstalled(location.id)
  : state.companyInstalls.some((one) => one.companyId === acting?.companyId) ||
    state.installs.some((one) => one.companyId === acting?.companyId)

function frame() {
  const inner = h('iframe', {
    src: state.app.customPageUrl,
    title: state.app.name,
    allow: 'clipboard-read; clipboard-write',
  })
  window.addEventListener('message', async (event) => {
    if (event.source !== inner.contentWindow || event.data?.message !== 'REQUEST_USER_DATA') return
    const { payload } = await control('POST', 'sso', { userId: acting.id, locationId: location?.id })
    event.source.postMessage({ message: 'REQUEST_USER_DATA_RESPONSE', payload }, event.origin)
  })
  return h('div', { class: 'frame' }, inner)
}

root.className = 'app'
root.replaceChildren(
  topBar({ location, current: 'app' }),
  isThere
    ? frame()
    : h(
        'div',
        { class: 'empty' },
        h('p', {}, `${state.app.name} is not installed ${location ? `in ${location.name}` : 'in this agency'}.`),
        h('a', { class: 'button primary', href: '/apps' }, 'Install it'),
      ),
)
