// The CRM's conversations, as a person works in them.
import { expect, type Locator, type Page } from '@playwright/test'

export class Inbox {
  constructor(readonly page: Page) {}

  async addContact(name: string, phone: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Add contact' }).click()
    const dialog = this.page.getByRole('dialog', { name: 'New contact' })
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByLabel('Phone').fill(phone)
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await expect(dialog).toBeHidden()
    await expect(this.page.getByRole('heading', { name, exact: true })).toBeVisible()
  }

  async choose(name: string): Promise<void> {
    await this.page.getByRole('list', { name: 'Contacts' }).getByRole('button', { name }).click()
    await expect(this.page.getByRole('heading', { name, exact: true })).toBeVisible()
  }

  async write(text: string): Promise<Locator> {
    await this.page.getByRole('textbox', { name: 'Message' }).fill(text)
    await this.page.getByRole('button', { name: 'Send', exact: true }).click()
    const bubble = this.sent(text)
    await expect(bubble).toBeVisible()
    return bubble
  }

  sent(text: string): Locator {
    return this.page.getByRole('article', { name: 'Sent' }).filter({ hasText: text })
  }

  /** Words for the team alone. */
  note(text: string | RegExp): Locator {
    return this.page.getByRole('article', { name: 'Internal note' }).filter({ hasText: text })
  }

  received(text: string): Locator {
    return this.page.getByRole('article', { name: 'Received' }).filter({ hasText: text })
  }
}
