import { ask, control, gently, h, live, released } from './dom.js'
import { actingUser, isInstalled, mayEnter, refreshState, state, topBar } from './frame.js'

/** The front door: the sub-accounts one may enter. */
const root = document.querySelector('#app')

function card(location) {
  const installed = isInstalled(location.id)
  const company = state.companies.find((one) => one.id === location.companyId)
  return h(
    'article',
    { class: 'card' },
    h('h2', {}, location.name),
    h('p', { class: 'muted small' }, company?.name ?? ''),
    h(
      'span',
      { class: installed ? 'badge good' : 'badge' },
      installed ? `${state.app.name} installed` : `${state.app.name} not installed`,
    ),
    h(
      'div',
      { class: 'actions start' },
      h('a', { class: installed ? 'button primary' : 'button', href: `/l/${location.id}` }, 'Conversations'),
      installed
        ? h('a', { class: 'button', href: `/l/${location.id}/app` }, `Open ${state.app.name}`)
        : h('a', { class: 'button primary', href: '/apps' }, 'Install'),
    ),
  )
}

function addSubAccount() {
  ask(
    'New sub-account',
    [{ label: 'Name', name: 'name', required: true, autocomplete: 'off' }],
    'Create',
    async ({ name }) => {
      await control('POST', 'locations', { name, companyId: actingUser()?.companyId ?? state.companies[0]?.id })
    },
  )
}

function render() {
  const acting = actingUser()
  const locations = state.locations.filter((location) => !acting || mayEnter(acting, location))
  const isAgency = acting?.type === 'agency'
  root.replaceChildren(
    topBar({ current: 'front' }),
    h(
      'main',
      { class: 'wide' },
      h(
        'div',
        { class: 'head' },
        h(
          'div',
          {},
          h('h1', {}, 'Sub-accounts'),
          h(
            'p',
            { class: 'muted' },
            'Install the app in one of them, open it to link a number, then write in Conversations.',
          ),
        ),
        h(
          'div',
          { class: 'actions' },
          isAgency && state.companyInstalls.some((one) => one.companyId === acting.companyId)
            ? h('a', { class: 'button', href: '/app' }, `${state.app.name} for the agency`)
            : undefined,
          isAgency ? h('button', { class: 'button', onclick: addSubAccount }, 'New sub-account') : undefined,
          state.phonesUrl
            ? h('a', { class: 'button', href: state.phonesUrl, target: '_blank', rel: 'noopener' }, 'Phones ↗')
            : undefined,
          state.mailsUrl
            ? h('a', { class: 'button', href: state.mailsUrl, target: '_blank', rel: 'noopener' }, 'Mails ↗')
            : undefined,
        ),
      ),
      locations.length > 0
        ? h('div', { class: 'cards' }, ...locations.map(card))
        : h('p', { class: 'empty' }, 'This person has no sub-account yet. Act as somebody else, above.'),
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
