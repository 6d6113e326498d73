import { control, gently, h, live, released } from './dom.js'
import { actingUser, isInstalled, mayEnter, refreshState, state, topBar } from './frame.js'

/** The marketplace page of the one app there is: install and uninstall, by sub-account or by agency. */
const root = document.querySelector('#app')
const registered = await control('GET', 'app')

function installUrl(preset) {
  const values = {
    response_type: 'code',
    client_id: state.app.clientId,
    redirect_uri: registered.redirectUri,
    scope: registered.scopes.join(' '),
    preset,
  }
  return `/v2/oauth/chooselocation?${new URLSearchParams(values)}`
}

async function uninstall(target, what) {
  if (window.confirm(`Uninstall ${state.app.name} from ${what}?`)) await control('POST', 'uninstall', target)
}

function locationItem(location) {
  const installed = isInstalled(location.id)
  return h(
    'div',
    { class: 'item' },
    h('span', { class: 'grow' }, location.name),
    installed ? h('span', { class: 'badge good' }, 'Installed') : undefined,
    installed
      ? h(
          'button',
          {
            class: 'button danger',
            'aria-label': `Uninstall from ${location.name}`,
            onclick: () => uninstall({ locationId: location.id }, location.name),
          },
          'Uninstall',
        )
      : h(
          'a',
          { class: 'button', href: installUrl(location.id), 'aria-label': `Install in ${location.name}` },
          'Install',
        ),
  )
}

function agencyPart(company) {
  const agency = state.companyInstalls.find((one) => one.companyId === company.id)
  const anywhere = state.installs.some((one) => one.companyId === company.id)
  const note = agency?.approveAll
    ? `Installed in the whole agency${agency.future ? ', future sub-accounts included' : ''}`
    : 'Not installed in the agency as a whole'
  return h(
    'div',
    { class: 'head' },
    h('div', {}, h('h2', {}, company.name), h('small', {}, note)),
    h(
      'div',
      { class: 'actions' },
      anywhere
        ? h(
            'button',
            { class: 'button danger', onclick: () => uninstall({ companyId: company.id }, `all of ${company.name}`) },
            'Uninstall everywhere',
          )
        : undefined,
      agency?.approveAll
        ? undefined
        : h('a', { class: 'button primary', href: installUrl(company.id) }, 'Install in the whole agency'),
    ),
  )
}

function companyCard(company) {
  const acting = actingUser()
  const isAdmin = acting?.type === 'agency' && acting.role === 'admin'
  const locations = state.locations.filter((one) => one.companyId === company.id && mayEnter(acting, one))
  return h(
    'section',
    { class: 'card', 'aria-label': company.name },
    isAdmin ? agencyPart(company) : h('h2', {}, company.name),
    h('div', { class: 'list' }, ...locations.map(locationItem)),
  )
}

function render() {
  root.replaceChildren(
    topBar({ current: 'apps' }),
    h(
      'main',
      { class: 'wide' },
      h('h1', {}, state.app.name),
      h(
        'p',
        { class: 'muted' },
        'Adds a channel to Conversations. Install it in a whole agency or in single sub-accounts.',
      ),
      h(
        'div',
        { class: 'cards one' },
        ...state.companies.filter((one) => one.id === actingUser()?.companyId).map(companyCard),
      ),
    ),
  )
}

render()
const again = gently(async () => {
  await refreshState()
  await released()
  render()
})
live(undefined, ({ kind }) => ['install', 'uninstall', 'location-created', 'reconnected'].includes(kind) && again())
