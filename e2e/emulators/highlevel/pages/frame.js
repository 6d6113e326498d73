import { control, h, nameOf, roleOf } from './dom.js'

/** The bar on top of every page, and who one acts as. */
export const state = await control('GET', 'state')

export const mayEnter = (user, location) =>
  user.companyId === location.companyId &&
  (user.locationIds.includes(location.id) || (user.type === 'agency' && user.role === 'admin'))

export const isInstalled = (locationId) => state.installs.some((one) => one.locationId === locationId)

export async function refreshState() {
  Object.assign(state, await control('GET', 'state'))
}

/** The user acted as; in a sub-account always somebody who may enter it. */
export function actingUser(location) {
  const fitting = location ? state.users.filter((user) => mayEnter(user, location)) : state.users
  const stored = fitting.find((user) => user.id === localStorage.getItem('acting'))
  return stored ?? fitting.find((user) => user.owner) ?? fitting[0]
}

export function topBar({ location, current }) {
  const acting = actingUser(location)
  // The install chooser is served ready-made, so it learns who is acting this way.
  if (acting) document.cookie = `acting=${acting.id}; path=/; SameSite=Lax`
  const candidates = location ? state.users.filter((user) => mayEnter(user, location)) : state.users
  const option = (user) =>
    h('option', { value: user.id, selected: user.id === acting?.id }, `${nameOf(user)} (${roleOf(user)})`)
  const groups = state.companies.map((company) =>
    h('optgroup', { label: company.name }, ...candidates.filter((user) => user.companyId === company.id).map(option)),
  )
  const link = (href, text, key) =>
    h('a', { class: 'link', href, 'aria-current': current === key ? 'page' : undefined }, text)
  const places = location
    ? [link(`/l/${location.id}`, 'Conversations', 'inbox'), link(`/l/${location.id}/app`, state.app.name, 'app')]
    : [link('/', 'Sub-accounts', 'front'), link('/apps', 'Apps', 'apps')]
  return h(
    'div',
    { class: 'top', role: 'banner' },
    h('a', { class: 'brand', href: '/' }, 'Demo CRM'),
    location ? h('span', { class: 'small' }, location.name) : undefined,
    h('nav', { 'aria-label': 'Main' }, ...places),
    state.phonesUrl && current !== 'front'
      ? h('a', { class: 'link', href: state.phonesUrl, target: '_blank', rel: 'noopener' }, 'Phones ↗')
      : undefined,
    h(
      'label',
      { class: 'acting' },
      'Acting as',
      h(
        'select',
        {
          onchange(event) {
            localStorage.setItem('acting', event.target.value)
            window.location.reload()
          },
        },
        ...groups,
      ),
    ),
  )
}
