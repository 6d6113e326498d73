// A phone in somebody's hand, on the page of the WhatsApp emulator.
import { expect, type Locator, type Page } from '@playwright/test'

export class PhonesPage {
  private constructor(readonly page: Page) {}

  /** The phone is picked from the shelf, and its linked devices are opened. */
  static async open(page: Page, url: string, number: string): Promise<PhonesPage> {
    await page.goto(url)
    await page.getByRole('button', { name: `+${number}` }).click()
    await page.getByRole('tab', { name: 'Linked devices' }).click()
    await expect(page.getByRole('region', { name: 'Scanner' })).toBeVisible()
    return new PhonesPage(page)
  }

  /** Drags something from another window: what it gives when dragged is what is dropped here. */
  async drop(dragged: Locator): Promise<void> {
    const given = await dragged.evaluate((element) => {
      const data = new DataTransfer()
      element.dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true }))
      return data.types.map((type): [string, string] => [type, data.getData(type)])
    })
    const dataTransfer = await this.page.evaluateHandle((entries) => {
      const data = new DataTransfer()
      for (const [type, text] of entries) data.setData(type, text)
      return data
    }, given)
    await this.page.getByRole('region', { name: 'Scanner' }).dispatchEvent('drop', { dataTransfer })
  }
}
