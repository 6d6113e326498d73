// What the camera of a phone gets from a screen: the pixels of the code, and the text that is in them.
import { inflateSync } from 'node:zlib'
import { expect, type Locator } from '@playwright/test'
import jsQR from 'jsqr'

/** The text of the QR code as it is shown; waits until there is one that can be read. */
export async function readQr(shown: Locator): Promise<string> {
  let text = ''
  await expect(async () => {
    text = decode(await shown.screenshot({ animations: 'disabled' }))
    expect(text, 'no QR code could be read from the screen').not.toBe('')
  }).toPass({ intervals: [50, 100, 200] })
  return text
}

function decode(png: Buffer): string {
  const { width, height, rgba } = readPng(png)
  // The decoder misses some codes whose squares are a few pixels wide, and finds them when it comes closer.
  for (const times of [1, 2, 3]) {
    const text = jsQR(enlarge(rgba, width, height, times), width * times, height * times)?.data
    if (text) return text
  }
  return ''
}

function enlarge(rgba: Uint8ClampedArray, width: number, height: number, times: number): Uint8ClampedArray {
  if (times === 1) return rgba
  const pixels = new Uint32Array(rgba.buffer)
  const large = new Uint32Array(width * height * times * times)
  for (let y = 0; y < height * times; y++)
    for (let x = 0; x < width * times; x++)
      large[y * width * times + x] = pixels[Math.floor(y / times) * width + Math.floor(x / times)]!
  return new Uint8ClampedArray(large.buffer)
}

/** Screenshots are 8 bit, RGB or RGBA, not interlaced; anything else is refused. */
function readPng(png: Buffer): { width: number; height: number; rgba: Uint8ClampedArray } {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const [depth, colour, interlace] = [png[24], png[25], png[28]]
  if (depth !== 8 || (colour !== 2 && colour !== 6) || interlace !== 0) throw new Error('not a screenshot')
  const chunks: Buffer[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') chunks.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  const channels = colour === 6 ? 4 : 3
  const rows = unfilter(inflateSync(Buffer.concat(chunks)), width * channels, height, channels)
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < channels; channel++)
      rgba[pixel * 4 + channel] = rows[pixel * channels + channel] ?? 0
  return { width, height, rgba }
}

function unfilter(data: Buffer, stride: number, height: number, channels: number): Uint8Array {
  const rows = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? (rows[y * stride + x - channels] ?? 0) : 0
      const up = y > 0 ? (rows[(y - 1) * stride + x] ?? 0) : 0
      const corner = y > 0 && x >= channels ? (rows[(y - 1) * stride + x - channels] ?? 0) : 0
      const guess = [0, left, up, (left + up) >> 1, nearest(left, up, corner)][filter] ?? 0
      rows[y * stride + x] = (data[y * (stride + 1) + 1 + x] ?? 0) + guess
    }
  }
  return rows
}

/** The Paeth predictor of PNG. */
function nearest(left: number, up: number, corner: number): number {
  const sum = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
