// The camera of an emulated phone: it sees a link or a picture, and gives back the text that is in it.

/** The linking text in something dropped or pasted, if there is one. */
export function linkTextOf(text) {
  const link = text?.match(/https:\/\/wa\.me\/settings\/linked_devices#[^\s"'<>]+/)?.[0]
  if (link) return link.replaceAll('&amp;', '&')
  const bare = text?.trim()
  return bare && /^\d@[^\s,]+(,[A-Za-z0-9+/=]+){3,4}$/.test(bare) ? bare : undefined
}

/** The text of the QR code in a picture, or null. */
export async function decodeImage(file) {
  const image = await loadImage(file)
  // A code that fills a small picture to its edge is found only with some white around it.
  for (const size of [1, 2, 0.5]) {
    const margin = 24
    const width = Math.max(1, Math.round((image.naturalWidth || 512) * size))
    const height = Math.max(1, Math.round((image.naturalHeight || 512) * size))
    const canvas = document.createElement('canvas')
    canvas.width = width + 2 * margin
    canvas.height = height + 2 * margin
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.fillStyle = '#fff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, margin, margin, width, height)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    const found = window.jsQR(data, canvas.width, canvas.height)
    if (found?.data) return found.data
  }
  return null
}

function loadImage(file) {
  return new Promise((resolve, reject) => {
    const image = new Image()
    const url = URL.createObjectURL(file)
    image.onload = () => {
      URL.revokeObjectURL(url)
      resolve(image)
    }
    image.onerror = () => reject(new Error('This is no picture that can be read.'))
    image.src = url
  })
}
