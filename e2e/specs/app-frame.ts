// The app inside the CRM's frame, as a person finds it.
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test'
import type { PhoneClient } from '@/e2e/emulators/whatsapp/client'
import { readQr } from './screen-qr'

export class AppFrame {
  readonly frame: FrameLocator

  constructor(readonly page: Page) {
    this.frame = page.frameLocator('iframe[title="Trunkline"]')
  }

  card(label: string): Locator {
    return this.frame.getByRole('article', { name: label, exact: true })
  }

  get addButton(): Locator {
    return this.frame.getByRole('button', { name: 'Add session' })
  }

  async addSession(label: string): Promise<Locator> {
    await this.addButton.click()
    const dialog = this.frame.getByRole('dialog', { name: 'Add a session' })
    await dialog.getByLabel('Name').fill(label)
    await dialog.getByRole('button', { name: 'Add and show code' }).click()
    await expect(this.card(label)).toBeVisible()
    return this.card(label)
  }

  qr(label: string): Locator {
    return this.card(label).getByRole('img', { name: `QR code to link ${label}` })
  }

  /** Adds a session and points the phone's camera at its code. */
  async link(label: string, phone: PhoneClient): Promise<Locator> {
    const card = await this.addSession(label)
    await this.scan(label, phone)
    return card
  }

  async pointAt(label: string, phone: PhoneClient): Promise<void> {
    await phone.scan(await readQr(this.qr(label)))
  }

  async scan(label: string, phone: PhoneClient): Promise<void> {
    await this.pointAt(label, phone)
    await expect(this.card(label).getByText('Connected', { exact: true })).toBeVisible()
  }

  async choose(label: string, action: string): Promise<void> {
    await this.card(label)
      .getByRole('button', { name: `Actions for ${label}` })
      .click()
    await this.frame.getByRole('menuitem', { name: action, exact: true }).click()
  }

  /** An action of the menu that asks once more. */
  async confirm(label: string, action: 'Stop' | 'Restart' | 'Log out'): Promise<void> {
    await this.choose(label, action)
    const dialog = this.frame.getByRole('dialog', { name: `${action} ${label}?` })
    await dialog.getByRole('button', { name: action, exact: true }).click()
    await expect(dialog).toBeHidden()
  }

  /** Where the name stands. */
  async rename(label: string, to: string): Promise<void> {
    const card = this.card(label)
    await card.getByRole('button', { name: `Rename ${label}` }).click()
    await this.frame.getByLabel('Name of the session').fill(to)
    await this.page.keyboard.press('Enter')
    await expect(this.card(to)).toBeVisible()
  }

  /** What is said of it now, as it is read out. */
  status(label: string): Locator {
    return this.card(label).getByRole('status').first()
  }

  async showMessages(): Promise<void> {
    await this.frame.getByRole('link', { name: 'Messages', exact: true }).click()
  }

  async showSessions(): Promise<void> {
    await this.frame.getByRole('link', { name: 'Sessions', exact: true }).click()
  }
}
