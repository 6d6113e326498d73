import { z } from 'zod'
import type { ContactId, LocationId, SessionId, UserId } from '@/lib/ids'
import { mailLanguages } from '@/lib/bridge/alert/mail-texts'
import { failureCodes } from '@/lib/bridge/message/message'
import { crmIdOf, name, pageOf, uuidOf } from './common'
import { routingTrace } from './message'
import { session } from './session'

const words = (most: number, length: number) =>
  z
    .array(z.string().trim().min(1, 'Leave no empty entry.').max(length, `Use at most ${length} characters each.`))
    .max(most, `Use at most ${most} entries.`)
const lowerWords = (most: number, length: number) =>
  words(most, length).transform((all) => [...new Set(all.map((one) => one.toLowerCase()))])
const tagText = z.string().trim().max(60, 'Use at most 60 characters.')

const rule = name(
  'RoutingRule',
  z.strictObject({
    id: z.string().trim().min(1).max(40),
    session: uuidOf<SessionId>(),
    appliesTo: z.enum(['new', 'always']),
    when: z.strictObject({
      countries: z
        .array(
          z
            .string()
            .trim()
            .toUpperCase()
            .regex(/^[A-Z]{2}$/, 'Give countries as two letters, such as ES.'),
        )
        .max(250),
      tags: lowerWords(50, 100),
      senders: z.array(crmIdOf<UserId>()).max(100),
      owners: z.array(crmIdOf<UserId>()).max(100),
      written: z.enum(['any', 'by_people', 'automated']),
    }),
  }),
)

const cap = z.number().int().min(1).max(100_000).nullable()

const settingsShape = {
  sessionChoice: z.enum(['keep_contact_session', 'owner_first', 'sender_first']),
  whenContactSessionIsDown: z.enum(['fail', 'fallback']),
  codeFallback: z.boolean(),
  codeRepins: z.boolean(),
  migrationAliases: z.boolean(),
  holdMinutes: z.number().int().min(0).max(60, 'Hold messages for at most 60 minutes.'),
  tagMode: z.enum(['follow', 'pin', 'off']),
  rules: z
    .array(rule)
    .max(100, 'Use at most 100 rules.')
    .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'Give each rule an id of its own.'),
  hourlyCap: cap,
  dailyCap: cap,
  warmUp: z.boolean(),
  namePolicy: z.enum(['fill_empty', 'phone_wins']),
  contactTag: tagText.transform((tag) => tag.toLowerCase()),
  includeUnsavedChats: z.boolean(),
  inboundTag: tagText.transform((tag) => tag.toLowerCase()),
  phoneReplyTag: tagText.transform((tag) => tag.toLowerCase()),
  labelPrefix: tagText,
  pushedTags: lowerWords(100, 100),
  pushedTagPrefix: tagText.transform((tag) => tag.toLowerCase()),
  inboundLabel: z.enum(['on_change', 'never', 'prefix_each']),
  alertEmails: z
    .array(z.email('Give e-mail addresses.').max(254))
    .max(20, 'Use at most 20 addresses.')
    .transform((all) => [...new Set(all)]),
  language: z.enum(mailLanguages),
}

export const settings = name('Settings', z.strictObject(settingsShape))
export const settingsPatch = name('SettingsPatch', z.strictObject(settingsShape).partial())

export const priorityBody = name(
  'PriorityChange',
  z.strictObject({
    priority: z.number().int().min(1).max(10),
    /** As the list told it; left out, nobody else's change is looked for. */
    version: z.number().int().optional(),
  }),
)
export const priorities = name('Priorities', z.strictObject({ version: z.number().int(), items: z.array(session) }))
export const priorityQuery = z.strictObject({ to: z.coerce.number().int().min(1).max(10) })
export const priorityPreview = name(
  'PriorityPreview',
  z.strictObject({
    version: z.number().int(),
    changes: z.array(
      z.strictObject({
        /** As it would be written. */
        code: z.string(),
        /** What it will mean; null: nothing any more. */
        sessionId: z.uuid().nullable(),
        label: z.string().nullable(),
        /** Messages of the last 30 days that used it. */
        uses: z.number().int(),
      }),
    ),
  }),
)

export const routingPreviewBody = name(
  'RoutingQuestion',
  z
    .strictObject({
      contactId: crmIdOf<ContactId>().optional(),
      phone: z.string().trim().min(1).max(40).optional(),
      /** The sender; null or absent: automated. */
      userId: crmIdOf<UserId>().nullable().optional(),
      text: z.string().max(65_536),
      /** As a workflow action or the API would name it. */
      sessionId: uuidOf<SessionId>().optional(),
    })
    .refine(({ contactId, phone }) => (contactId === undefined) !== (phone === undefined), {
      path: ['contactId'],
      message: 'Give either a contact or a phone number.',
    }),
)
export const routingPreview = name(
  'RoutingAnswer',
  z.strictObject({
    session: z
      .strictObject({ id: z.uuid(), label: z.string(), priority: z.number().int(), phone: z.string().nullable() })
      .nullable(),
    trace: routingTrace,
    failure: z.strictObject({ code: z.enum(failureCodes), message: z.string() }).nullable(),
    /** What would be delivered. */
    body: z.string(),
  }),
)

export const contactQuery = z.strictObject({
  query: z.string().trim().min(1).max(100),
  limit: z.coerce.number().int().min(1).max(50).default(20),
})
export const contactPage = pageOf(
  'ContactPage',
  name('Contact', z.strictObject({ contactId: z.string(), name: z.string().nullable(), phone: z.string().nullable() })),
)

export const contactParams = z.strictObject({ contactId: crmIdOf<ContactId>() })
export const contactSessionBody = name(
  'ContactSessionChoice',
  z.strictObject({ locationId: crmIdOf<LocationId>(), sessionId: uuidOf<SessionId>() }),
)
export const contactSessionQuery = z.strictObject({ locationId: crmIdOf<LocationId>() })
export const contactSession = name(
  'ContactSession',
  z.strictObject({
    contactId: z.string(),
    sessionId: z.uuid().nullable(),
    /** Chosen by a person: what is written or heard does not move it. */
    locked: z.boolean(),
  }),
)
