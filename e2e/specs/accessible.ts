// axe with every rule it has.
import type { Page } from '@playwright/test'
import axe from 'axe-core'
import { expect } from '../fixtures'
import type { AppFrame } from './app-frame'

export const looks = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
  { width: 360, height: 740, colorScheme: 'light' },
  { width: 360, height: 740, colorScheme: 'dark' },
] as const

/** Each width and each scheme once. */
export const twoLooks = [looks[0], looks[3]] as const

type Look = (typeof looks)[number]

export async function putOn(page: Page, { width, height, colorScheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

/** Every rule. What is around the app's frame belongs to the CRM, so the frame is looked at as a page of its own. */
export async function expectAccessible(app: AppFrame, what: string): Promise<void> {
  const html = app.frame.locator('html')
  if (!(await html.evaluate(() => 'axe' in window))) await html.evaluate(axe.source)
  const { violations, passes } = await html.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  expect(passes.length, `rules that held: ${what}`).toBeGreaterThan(10)
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map(({ target, html }) => ({ target, html })),
  }))
  expect(found, what).toEqual([])
}

/** A state of the page that another spec has reached, in both schemes. */
export async function expectAccessibleHere(app: AppFrame, what: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await app.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expectAccessible(app, `${what}, ${colorScheme}`)
  }
}
