// Pictures of docs/tour: looked at in every run, written with TOUR=1.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect } from '../fixtures'
import { expectAccessible } from './accessible'
import type { AppFrame } from './app-frame'

const folder = join(process.cwd(), 'docs', 'tour')

/** One picture of the tour; nothing on it may need scrolling sideways. */
export async function picture(page: Page, name: string): Promise<void> {
  const hidden = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(hidden, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
  if (!process.env.TOUR) return
  mkdirSync(folder, { recursive: true })
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' })
}

/** The whole of the app's page, at both widths, light and dark; nothing in it may need scrolling sideways. */
export async function pictures(app: AppFrame, name: string): Promise<void> {
  const { page } = app
  const html = app.frame.locator('html')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 })
    const hidden = await html.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)
    expect(hidden, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(0)
    if (!process.env.TOUR) continue
    const [inside, frame] = await Promise.all([
      html.evaluate(({ scrollHeight }) => scrollHeight),
      page.locator('iframe').evaluate((element) => element.getBoundingClientRect().top),
    ])
    const height = Math.ceil(inside + frame)
    await page.setViewportSize({ width, height })
    await expect.poll(() => html.evaluate(() => window.innerHeight)).toBeGreaterThan(height - frame - 2)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      // Colours change over a moment.
      await html.evaluate(async () => {
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
        await Promise.all(document.getAnimations().map(({ finished }) => finished))
      })
      await expectAccessible(app, `${name} at ${width}, ${colorScheme}`)
      await picture(page, `${name}-${width}-${colorScheme}`)
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await expect.poll(() => html.evaluate(() => window.innerHeight)).toBeLessThan(800)
  // Where a press lands in the frame of another site is known a moment later; one before that is lost.
  const title = app.frame.getByRole('heading', { level: 1 })
  await expect(async () => {
    await title.hover()
    expect(await title.evaluate((element) => element.matches(':hover'))).toBe(true)
  }).toPass()
}
