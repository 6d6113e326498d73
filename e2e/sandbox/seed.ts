// What a newcomer finds: phones of a business and of its customers, and the same customers in the CRM's address book.
// The CRM emulator brings its agency, sub-accounts and users itself.
import { connectCrm } from '@/e2e/emulators/highlevel/client'
import { connectPhones } from '@/e2e/emulators/whatsapp/client'

const BUSINESS = [
  { name: 'Harbour Dental', number: '12025550140' },
  { name: 'Harbour Dental 2', number: '12025550141' },
]
const CUSTOMERS = [
  { name: 'Maria Lopez', number: '12025550151' },
  { name: 'Tom Becker', number: '12025550152' },
]

/** Only an empty world is furnished: what a person deleted stays deleted. */
export async function seed(at: { phones: string | null; crm: string | null }): Promise<void> {
  if (at.phones) {
    const phones = connectPhones(at.phones)
    if ((await phones.list()).length === 0) await phones.createMany([...BUSINESS, ...CUSTOMERS])
  }
  if (!at.crm) return
  const crm = connectCrm(at.crm)
  for (const { id: locationId } of (await crm.state()).locations) {
    if ((await crm.contacts(locationId)).length > 0) continue
    await crm.createContacts(CUSTOMERS.map(({ name, number }) => ({ locationId, name, phone: `+${number}` })))
  }
}
