import type { IncomingMessage, ServerResponse } from 'node:http'
import { readRaw } from '../api'
import type { Crm } from '../crm'
import { chooseInstall } from '../installs'
import type { User } from '../nouns'
import { escape, page } from './html'

/** The page where a person says into which sub-accounts the app goes; approving redirects to the app with a code. */
export const CHOOSER_PATHS = ['/v2/oauth/chooselocation', '/oauth/chooselocation']

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(html) })
  response.end(html)
}

function complaint(crm: Crm, values: URLSearchParams): string | undefined {
  if (values.get('client_id') !== crm.app.clientId) return 'No app is registered under this client id.'
  if (values.get('redirect_uri') !== crm.app.redirectUri) return 'This redirect address is not registered for the app.'
  if ((values.get('response_type') ?? 'code') !== 'code') return 'Only the response type "code" is offered.'
  return undefined
}

/** Who is signed in to the CRM: named in the request by a test, by a cookie in a person's browser. */
function actorOf(crm: Crm, request: IncomingMessage, values: URLSearchParams): User | undefined {
  const cookie = /(?:^|; )acting=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  return crm.store.users.get(values.get('as') ?? cookie ?? '')
}

const isAgencyAdmin = (user: User | undefined): boolean => !user || (user.type === 'agency' && user.role === 'admin')

function form(crm: Crm, values: URLSearchParams, path: string, actor: User | undefined): string {
  const hidden = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'version_id']
    .flatMap((name) => {
      const value = values.get(name)
      return value === null ? [] : [`<input type="hidden" name="${name}" value="${escape(value)}">`]
    })
    .join('')
  const preset = values.get('preset') ?? ''
  const installed = (id: string) => (crm.store.installs.get(id) ? '<span class="badge good">Installed</span>' : '')
  const companies = crm.store.companies.all().filter((company) => !actor || company.id === actor.companyId)
  const sections = companies.map((company) => {
    const locations = crm.store.locations
      .all()
      .filter((one) => one.companyId === company.id)
      .filter((one) => isAgencyAdmin(actor) || actor?.locationIds.includes(one.id))
    const rows = locations
      .map(
        (one) =>
          `<label class="row"><input type="radio" name="choice" value="location:${one.id}" required${
            preset === one.id ? ' checked' : ''
          }><span class="grow">${escape(one.name)}</span>${installed(one.id)}</label>`,
      )
      .join('')
    if (!isAgencyAdmin(actor)) return `<fieldset><legend>${escape(company.name)}</legend>${rows}</fieldset>`
    return `<fieldset><legend>${escape(company.name)}</legend>
<label class="row strong"><input type="radio" name="choice" value="agency:${company.id}" required${
      preset === company.id ? ' checked' : ''
    }><span class="grow">The whole agency<small>${locations.length} sub-account${locations.length === 1 ? '' : 's'} at once</small></span></label>
<label class="row indent"><input type="checkbox" name="future:${company.id}" value="yes" checked><span>Also install in future sub-accounts</span></label>
<p class="divider">or one sub-account</p>
${rows}</fieldset>`
  })
  const scopes = (values.get('scope') ?? '').split(/[\s]+/).filter(Boolean)
  return page(
    'Install',
    `<main class="narrow"><section class="card">
<h1>Install ${escape(crm.app.name)}</h1>
<p class="muted">${actor ? `You are ${escape(`${actor.firstName} ${actor.lastName}`.trim())}. ` : ''}Choose where to install it. It will be able to read and write conversations and contacts there.</p>
<form method="post" action="${path}">${hidden}${sections.join('')}
${scopes.length > 0 ? `<details><summary>${scopes.length} permissions</summary><p class="muted small">${scopes.map(escape).join(', ')}</p></details>` : ''}
<div class="actions"><a class="button" href="/">Cancel</a><button class="button primary" type="submit">Install</button></div>
</form></section></main>`,
  )
}

export async function handleChooser(
  crm: Crm,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const isPost = request.method === 'POST'
  const values = isPost ? new URLSearchParams((await readRaw(request)).toString('utf8')) : url.searchParams
  const wrong = complaint(crm, values)
  if (wrong) {
    send(
      response,
      400,
      page(
        'Install',
        `<main class="narrow"><section class="card"><h1>Cannot install</h1><p>${wrong}</p></section></main>`,
      ),
    )
    return
  }
  if (!isPost) {
    crm.record('authorize-page', { state: values.get('state') !== null })
    send(response, 200, form(crm, values, url.pathname, actorOf(crm, request, values)))
    return
  }
  const actor = actorOf(crm, request, values)
  const [what, id = ''] = (values.get('choice') ?? '').split(':')
  const location = what === 'location' ? crm.store.locations.get(id) : undefined
  const companyId = location?.companyId ?? id
  if (!crm.store.companies.get(companyId)) {
    send(
      response,
      400,
      page(
        'Install',
        '<main class="narrow"><section class="card"><h1>Choose a sub-account first</h1></section></main>',
      ),
    )
    return
  }
  const code = await chooseInstall(crm, {
    companyId,
    locationId: location?.id,
    locationIds: values.get('locations')?.split(',').filter(Boolean),
    future: location ? undefined : values.get(`future:${companyId}`) === 'yes',
    userId: actor?.id,
    scope: values.get('scope') ?? undefined,
    redirectUri: values.get('redirect_uri') ?? undefined,
  })
  const target = new URL(crm.app.redirectUri)
  target.searchParams.set('code', code.code)
  const state = values.get('state')
  if (state !== null && crm.settings.oauth.returnsState) target.searchParams.set('state', state)
  response.writeHead(302, { Location: target.toString() })
  response.end()
}
