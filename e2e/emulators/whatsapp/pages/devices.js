// Linking a device and unlinking it.
import { cards } from '/rows.js'
import { decodeImage, linkTextOf } from '/scan.js'
import { attempt, call, element, notice, redraw, state, timeOf } from '/screen.js'

export function devicesScreen() {
  const link = element('textarea', {
    rows: 2,
    placeholder: 'https://wa.me/settings/linked_devices#…',
    'aria-label': "The code's link",
  })
  const picture = element('input', {
    type: 'file',
    accept: 'image/*',
    hidden: true,
    onchange: () => scanFiles(picture.files),
  })
  const code = element('input', {
    type: 'text',
    class: 'code',
    maxLength: 9,
    placeholder: 'XXXX-XXXX',
    autocomplete: 'off',
    'aria-label': 'Pairing code',
  })
  const scanner = element(
    'div',
    {
      class: 'scanner',
      tabIndex: 0,
      role: 'region',
      'aria-label': 'Scanner',
      ondragover: hover,
      ondragleave: leave,
      ondrop: drop,
      onpaste: paste,
    },
    element('span', { class: 'eye', 'aria-hidden': 'true' }),
    element('strong', {}, 'Drag the QR code here'),
    element('span', { class: 'soft' }, 'Drag it from the app, drop a picture of it, or paste its link below.'),
  )
  return cards(
    element(
      'div',
      { class: 'card' },
      element('h3', {}, 'Link a device'),
      scanner,
      element(
        'form',
        {
          class: 'beside',
          onsubmit: (event) => (event.preventDefault(), scanText(link.value).then((ok) => ok && (link.value = ''))),
        },
        link,
        element('button', { class: 'button primary', type: 'submit' }, 'Link'),
      ),
      picture,
      element(
        'button',
        { class: 'button', type: 'button', onclick: () => picture.click() },
        'Choose a picture of the code',
      ),
    ),
    element(
      'div',
      { class: 'card' },
      element('h3', {}, 'Link with phone number instead'),
      element('p', { class: 'soft' }, 'Type the code the app shows for this number.'),
      element(
        'form',
        { class: 'beside', onsubmit: (event) => (event.preventDefault(), enterCode(code)) },
        code,
        element('button', { class: 'button primary', type: 'submit' }, 'Link with code'),
      ),
    ),
    element('div', { class: 'card', id: 'device-list' }),
  )
}

export function updateDevices(phone) {
  const rows = phone.devices.map((device) =>
    element(
      'li',
      { class: 'device' },
      element(
        'div',
        { class: 'grow' },
        element('strong', {}, device.app),
        element(
          'p',
          { class: 'soft' },
          [
            device.isConnected ? 'Connected' : `Last seen ${timeOf(device.lastSeenAt)}`,
            `linked ${new Date(device.linkedAt).toLocaleDateString()}`,
            !device.isConnected && device.queued > 0 ? `${device.queued} waiting` : null,
          ]
            .filter(Boolean)
            .join(' · '),
        ),
      ),
      element(
        'button',
        {
          class: 'button danger',
          'data-focus': device.device,
          onclick: () => attempt(() => call('unlink', { number: phone.number, device: device.device }), 'Unlinked'),
        },
        'Unlink',
      ),
    ),
  )
  redraw(
    document.getElementById('device-list'),
    element('h3', {}, 'Devices'),
    rows.length > 0 ? element('ul', {}, rows) : element('p', { class: 'soft' }, 'No linked devices.'),
  )
}

const hover = (event) => {
  event.preventDefault()
  event.dataTransfer.dropEffect = 'copy'
  event.currentTarget.classList.add('over')
}
const leave = (event) => event.currentTarget.classList.remove('over')

async function drop(event) {
  event.preventDefault()
  event.currentTarget.classList.remove('over')
  await scanData(event.dataTransfer)
}

async function paste(event) {
  event.preventDefault()
  await scanData(event.clipboardData)
}

/** Looks at whatever was dropped or pasted: a link, or a picture of the code. */
async function scanData(data) {
  const texts = ['text/plain', 'text/uri-list', 'text/html'].map((type) => data.getData(type))
  const link = texts.map(linkTextOf).find(Boolean)
  if (link) return scanText(link)
  if (data.files.length > 0) return scanFiles(data.files)
  const source = texts.join('\n').match(/data:image\/[^"'\s]+/)?.[0]
  if (source) return scanFiles([await (await fetch(source)).blob()])
  notice('There is no QR code in that. Drag the code itself, or paste its link.')
  return false
}

async function scanFiles(files) {
  const text = files.length > 0 ? await attempt(() => decodeImage(files[0])) : undefined
  if (text === null) notice('No QR code could be read in this picture.')
  return text ? scanText(text) : false
}

async function scanText(text) {
  if (!text.trim()) return false
  notice('Linking…')
  const linked = await attempt(() => call('scan', { number: state.number, qrText: text.trim() }), 'Device linked')
  return Boolean(linked)
}

async function enterCode(input) {
  notice('Linking…')
  if (await attempt(() => call('enterCode', { number: state.number, code: input.value }), 'Device linked'))
    input.value = ''
}
