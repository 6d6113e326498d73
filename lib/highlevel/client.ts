import { z } from 'zod'
import type { LocationId } from '@/lib/ids'
import type { Log } from '@/lib/log'
import type { Clock } from '@/lib/clock'
import { createBreaker } from './breaker'
import {
  CrmError,
  type CrmLimits,
  type HighLevel,
  type RequestBudget,
  type SubAccountApi,
  type TokenSource,
  type WaitingMessage,
} from './highlevel'
import { createRequester, RefusedCall, type Call } from './request'
import { createTransport, type Timeouts, type Transport } from './transport'
import {
  addMessageAnswer,
  contactAnswer,
  contactsPage,
  conversationsAnswer,
  exportAnswer,
  locationAnswer,
  maybeContactAnswer,
  messageAnswer,
  messagesAnswer,
  statusAnswer,
  tagsAnswer,
  usersAnswer,
} from './schemas'
import { matchMessage } from './match-message'

export interface HighLevelOptions {
  apiUrl: string
  /** The conversation provider whose channel we are. */
  providerId: string
  /** The one that replaces SMS, where the deployment has it. */
  smsProviderId?: string | null
  tokens: TokenSource
  budget: RequestBudget
  clock: Clock
  log: Log
  timeouts?: Timeouts
  /** Default: a pool of its own. */
  transport?: Transport
  /** The CRM says it has paused this sub-account. */
  onSuspended?: (locationId: LocationId) => Promise<void>
  /** `SMS` starts "customer replied" workflows; `Custom` is what some accounts were seen to need. */
  inboundType?: 'SMS' | 'Custom'
}

const contactsPerPage = 100
const exportPerPage = 500
/** Of a week in which nothing could be asked; what is older by then is too old to be sent. */
const exportPages = 40

/** How far back `findMessage` looks in a conversation. */
const newest = 100

export function createHighLevel(options: HighLevelOptions): HighLevel {
  const { providerId, tokens, budget, clock, log, inboundType = 'SMS' } = options
  const transport = options.transport ?? createTransport(options.timeouts ? { timeouts: options.timeouts } : {})
  const requester = createRequester(options.apiUrl, transport)
  const breaker = createBreaker()

  async function spend<Output>(locationId: LocationId, call: Call<Output>): Promise<Output> {
    const { isFailing } = await budget.take(locationId)
    const startedMs = clock.monotonicMs()
    let said: CrmLimits = {}
    try {
      const answer = await requester.request(call, (limits) => void (said = limits))
      await went(locationId, isFailing, false)
      return answer
    } catch (error) {
      if (!(error instanceof CrmError)) throw error
      error.isCounted = await went(locationId, isFailing, hasFailed(error))
      const fields = { locationId, method: call.method, status: error.status ?? error.kind }
      log.debug({ ...fields, ms: Math.round(clock.monotonicMs() - startedMs) }, 'the CRM did not do as asked')
      if (error.kind === 'suspended') await options.onSuspended?.(locationId)
      if (error.status === 429) await budget.exhausted(locationId, error.retryAfterMs ?? 10_000)
      throw error
    } finally {
      await budget.announced(locationId, said)
    }
  }

  /** Answers whether this was a failure of a CRM that otherwise answers. */
  async function went(locationId: LocationId, isFailing: boolean, failed: boolean): Promise<boolean> {
    const tips = breaker.count(locationId, failed)
    if (failed && (isFailing || tips)) await budget.failing(locationId)
    if (!failed && isFailing) await budget.recovered(locationId)
    return failed && !isFailing && !tips
  }

  /** With the sub-account's token; a token the CRM calls invalid is replaced and the call repeated, once. */
  async function ask<Output>(locationId: LocationId, call: Call<Output>): Promise<Output> {
    const token = await tokens.accessToken(locationId)
    try {
      return await spend(locationId, { ...call, token })
    } catch (error) {
      if (!isInvalidToken(error)) throw error
      const replaced = await tokens.replace(locationId, token)
      return await spend(locationId, { ...call, token: replaced })
    }
  }

  return {
    forSubAccount(locationId): SubAccountApi {
      const get = <Output>(path: string, answer: Call<Output>['answer'], query?: Call<Output>['query']) =>
        ask(locationId, { method: 'GET', path, answer, ...(query ? { query } : {}) })

      return {
        findContactByPhone: (phone) =>
          get('/contacts/search/duplicate', maybeContactAnswer, { locationId, number: phone }),

        async findContactBySource(source) {
          try {
            const { contacts } = await ask(locationId, {
              method: 'POST',
              path: '/contacts/search',
              json: {
                locationId,
                page: 1,
                pageLimit: 20,
                filters: [{ field: 'source', operator: 'eq', value: source }],
              },
              isRepeatable: true,
              answer: contactsPage,
            })
            // Which fields it can filter by is documented nowhere: what it answers is looked at.
            return contacts.find((one) => one.source === source) ?? null
          } catch (error) {
            if (!(error instanceof CrmError && error.kind === 'refused')) throw error
            log.warn({ locationId, status: error.status }, 'the CRM does not search contacts by their source')
            return null
          }
        },

        getContact: (contactId) => get(`/contacts/${contactId}`, contactAnswer),

        async createContact({ name, phone, source, tags = [], assignedTo = null }) {
          try {
            return await ask(locationId, {
              method: 'POST',
              path: '/contacts/',
              json: {
                ...{ locationId, name, source },
                ...(phone === null ? {} : { phone }),
                ...(tags.length === 0 ? {} : { tags }),
                ...(assignedTo === null ? {} : { assignedTo }),
              },
              // A lost answer is looked up by phone before anyone creates again.
              isRepeatable: phone !== null,
              answer: contactAnswer,
            })
          } catch (error) {
            return await get(`/contacts/${existingOf(error)}`, contactAnswer)
          }
        },

        async setContactPhone(contactId, has) {
          try {
            await ask(locationId, { method: 'PUT', path: `/contacts/${contactId}`, json: has, answer: z.unknown() })
            return null
          } catch (error) {
            return await get(`/contacts/${existingOf(error)}`, contactAnswer)
          }
        },

        async renameContact(contactId, name) {
          const [firstName = '', ...rest] = name.split(/\s+/)
          await ask(locationId, {
            method: 'PUT',
            path: `/contacts/${contactId}`,
            // The CRM keeps the parts and the whole; one of them alone may leave the other as it was.
            json: { name, firstName, lastName: rest.join(' ') },
            answer: z.unknown(),
          })
        },

        async listContacts(after) {
          const page = after && 'page' in after ? after.page : 1
          const { contacts, total, mark } = await ask(locationId, {
            method: 'POST',
            path: '/contacts/search',
            json: {
              ...{ locationId, pageLimit: contactsPerPage },
              ...(after && 'after' in after ? { searchAfter: after.after } : { page }),
            },
            isRepeatable: true,
            answer: contactsPage,
          })
          const isLast = contacts.length < contactsPerPage || (total !== null && page * contactsPerPage >= total)
          if (mark) return { contacts, next: contacts.length < contactsPerPage ? null : { after: mark } }
          return { contacts, next: isLast ? null : { page: page + 1 } }
        },

        async searchContacts(query, limit) {
          const { contacts } = await ask(locationId, {
            method: 'POST',
            path: '/contacts/search',
            json: { locationId, page: 1, pageLimit: limit, query },
            isRepeatable: true,
            answer: contactsPage,
          })
          return contacts
        },

        async assignContact(contactId, userId) {
          await ask(locationId, {
            method: 'PUT',
            path: `/contacts/${contactId}`,
            json: { assignedTo: userId },
            isRepeatable: true,
            answer: z.unknown(),
          })
        },

        async addNote(contactId, text) {
          await ask(locationId, {
            method: 'POST',
            path: '/conversations/messages',
            json: { type: 'InternalComment', contactId, message: text },
            answer: z.unknown(),
          })
        },

        async hasNote(contactId, text, among = text) {
          const found = await get('/conversations/search', conversationsAnswer, { locationId, contactId, limit: '20' })
          for (const conversation of found.conversations) {
            if (conversation.contactId !== contactId) continue
            const listed = await get(`/conversations/${conversation.id}/messages`, messagesAnswer, {
              limit: String(newest),
            })
            const [last] = listed
              .filter((message) => message.text.startsWith(among))
              .sort((a, b) => (b.at?.getTime() ?? 0) - (a.at?.getTime() ?? 0))
            if (last?.text === text) return true
          }
          return false
        },

        async addTags(contactId, tags) {
          if (tags.length === 0) return
          await ask(locationId, {
            method: 'POST',
            path: `/contacts/${contactId}/tags`,
            json: { tags },
            isRepeatable: true,
            answer: tagsAnswer,
          })
        },

        async removeTags(contactId, tags) {
          if (tags.length === 0) return
          await ask(locationId, {
            method: 'DELETE',
            path: `/contacts/${contactId}/tags`,
            json: { tags },
            answer: tagsAnswer,
          })
        },

        async addMessage({ contactId, direction, text, attachments, outsideId, at }) {
          const { messageId, conversationId } = await ask(locationId, {
            method: 'POST',
            path: '/conversations/messages/inbound',
            json: {
              type: inboundType,
              contactId,
              conversationProviderId: providerId,
              message: text,
              // An empty list is refused.
              ...(attachments && attachments.length > 0 ? { attachments } : {}),
              direction,
              altId: outsideId,
              date: at.toISOString(),
            },
            answer: addMessageAnswer,
          })
          return { crmMessageId: messageId, conversationId }
        },

        async findMessage(wanted) {
          const found = await get('/conversations/search', conversationsAnswer, {
            locationId,
            contactId: wanted.contactId,
            limit: '20',
          })
          for (const conversation of found.conversations) {
            if (conversation.contactId !== wanted.contactId) continue
            const messages = await get(`/conversations/${conversation.id}/messages`, messagesAnswer, {
              limit: String(newest),
            })
            const match = matchMessage(messages, { ...wanted, providerId })
            if (match) return match
          }
          return null
        },

        async getMessage(crmMessageId) {
          const { providerId: by, ...message } = await get(`/conversations/messages/${crmMessageId}`, messageAnswer)
          return { ...message, isOurs: by === null || by === providerId || by === options.smsProviderId }
        },

        async listWaiting(since) {
          const ours = [providerId, options.smsProviderId]
          const waiting: WaitingMessage[] = []
          let cursor: string | null = null
          for (let page = 0; page < exportPages; page++) {
            const query = { locationId, limit: String(exportPerPage), startDate: since.toISOString() }
            const found: z.output<typeof exportAnswer> = await get('/conversations/messages/export', exportAnswer, {
              ...query,
              ...(cursor === null ? {} : { cursor }),
            })
            // Newest first.
            waiting.unshift(
              ...found.waiting.filter((one) => one.at >= since && ours.includes(one.providerId)).reverse(),
            )
            cursor = found.cursor
            if (cursor === null) break
          }
          return waiting.sort((a, b) => a.at.getTime() - b.at.getTime())
        },

        async setMessageStatus(crmMessageId, status, failure) {
          await ask(locationId, {
            method: 'PUT',
            path: `/conversations/messages/${crmMessageId}/status`,
            json: { status, ...(failure ? { error: { ...failure, type: 'provider' } } : {}) },
            answer: statusAnswer,
          })
        },

        async listUsers() {
          const users = await get('/users/', usersAnswer, { locationId })
          return users.map(({ id, name, email, role, type }) => ({ id, name, email, role, type }))
        },

        async getLocation() {
          try {
            const { name, timezone, country } = await get(`/locations/${locationId}`, locationAnswer)
            return { name, timezone, country }
          } catch (error) {
            if (!(error instanceof CrmError) || error.status !== 404) throw error
            throw new CrmError('suspended', 'the CRM does not know this sub-account', { status: 404, cause: error })
          }
        },
      }
    },
  }
}

/** No answer, or one that is none; being told to come back, or no, is an answer. */
const hasFailed = ({ kind, status }: CrmError) => (kind === 'try_later' || kind === 'unknown') && status !== 429

/** Only an expired or revoked token is worth another one: a missing scope or a foreign location stays what it is. */
const isInvalidToken = (error: unknown) =>
  error instanceof RefusedCall && error.status === 401 && /^invalid (token|jwt)/i.test(error.said.message)

/** The contact the CRM has instead of the one it refused. Throws the error when it names none. */
function existingOf(error: unknown): string {
  const existing = error instanceof RefusedCall ? error.said.contactId : null
  if (existing === null) throw error
  return existing
}
