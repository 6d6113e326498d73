import type { Schema, SpecFile } from './contract'

/**
 * Where the published files err, as integrators and the documentation site show. Each patch says what it corrects;
 * everything else is taken as published.
 */
const json = (schema: Schema) => ({ content: { 'application/json': { schema } } })
const text: Schema = { type: 'string' }

function schemaOf(file: SpecFile, name: string): Schema & { properties: Record<string, Schema> } {
  const schema = file.components.schemas[name]
  if (!schema?.properties) throw new Error(`the published files no longer hold ${name}`)
  return schema as Schema & { properties: Record<string, Schema> }
}

function operationOf(file: SpecFile, method: string, path: string) {
  const operation = file.paths[path]?.[method]
  if (!operation) throw new Error(`the published files no longer hold ${method} ${path}`)
  return operation
}

export function patchOauth(file: SpecFile): void {
  const token = operationOf(file, 'post', '/oauth/token')
  const form = token.requestBody?.content['application/x-www-form-urlencoded']
  // JSON works as well as the form (docs: Authorization).
  if (token.requestBody && form) token.requestBody.content['application/json'] = form
  // Documented on the support site only (article 155000003717).
  file.paths['/oauth/reconnect'] = {
    post: {
      operationId: 'reconnect',
      requestBody: {
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['clientKey', 'clientSecret'],
              properties: { clientKey: text, clientSecret: text, locationId: text, companyId: text },
            },
          },
        },
      },
      responses: {
        200: json({
          type: 'object',
          required: ['authorizationCode', 'expiresAt'],
          properties: { authorizationCode: text, expiresAt: { type: 'string', format: 'date-time' } },
        }),
      },
    },
  }
}

export function patchConversations(file: SpecFile): void {
  const inbound = schemaOf(file, 'ProcessMessageBodyDto')
  // All three ids are marked required; one of the two owners is enough and the provider depends on the channel.
  inbound.required = ['type']
  // Typed "object"; every caller sends the word.
  inbound.properties.direction = { type: 'string', enum: ['inbound', 'outbound'] }
  inbound.properties.attachments = { type: 'array', items: text, minItems: 1 }

  const send = schemaOf(file, 'SendMessageBodyDto')
  // subType and status are marked required and sent by nobody; internal comments are on the docs site only.
  send.required = ['type', 'contactId']
  send.properties.type = { type: 'string', enum: [...(send.properties.type?.enum ?? []), 'InternalComment'] }
  send.properties.mentions = { type: 'array', items: text }
  send.properties.userId = text
  send.properties.attachments = { type: 'array', items: text, minItems: 1 }

  const upload = schemaOf(file, 'UploadFilesDto')
  // Either owner is enough; the file part itself is not described and is checked by the emulator.
  upload.required = ['locationId']

  const sent = schemaOf(file, 'SendMessageResponseDto')
  sent.required = ['conversationId', 'messageId']

  const exported = operationOf(file, 'get', '/conversations/messages/export')
  exported.responses['200'] = json({
    type: 'object',
    required: ['messages', 'total'],
    properties: {
      messages: { type: 'array', items: { $ref: '#/components/schemas/GetMessageResponseDto' } },
      // Null on the last page.
      nextCursor: { type: 'string', nullable: true },
      total: { type: 'number' },
    },
  })

  // 201 is what the endpoint was seen to give, with an empty body when the provider id is missing.
  const stored = operationOf(file, 'post', '/conversations/messages/inbound')
  stored.responses['201'] = json({
    oneOf: [{ $ref: '#/components/schemas/ProcessMessageResponseDto' }, { type: 'null' }],
  })
  const sending = operationOf(file, 'post', '/conversations/messages')
  sending.responses['201'] = sending.responses['200'] ?? {}

  // Bodies seen in the wild nest the list and wrap the status answer.
  const flat: Schema = { $ref: '#/components/schemas/GetMessagesByConversationResponseDto' }
  operationOf(file, 'get', '/conversations/{conversationId}/messages').responses['200'] = json({
    oneOf: [flat, { type: 'object', required: ['messages'], properties: { messages: flat, traceId: text } }],
  })
  operationOf(file, 'put', '/conversations/messages/{messageId}/status').responses['200'] = json({
    type: 'object',
    required: ['success', 'traceId'],
    properties: { success: { type: 'boolean' }, traceId: text },
  })
  const list = schemaOf(file, 'GetMessageResponseDto')
  list.properties.altId = text
}

export function patchContacts(file: SpecFile): void {
  const contact: Schema = { $ref: '#/components/schemas/GetContectByIdSchema' }
  operationOf(file, 'get', '/contacts/search/duplicate').responses['200'] = json({
    type: 'object',
    required: ['contact'],
    properties: { contact: { oneOf: [contact, { type: 'null' }] }, traceId: text },
  })
  const search = schemaOf(file, 'SearchBodyV2DTO')
  search.required = ['locationId', 'pageLimit']
  search.properties = {
    locationId: text,
    page: { type: 'number' },
    pageLimit: { type: 'number' },
    searchAfter: { type: 'array' },
    query: text,
    filters: { type: 'array', items: { type: 'object' } },
    sort: { type: 'array', items: { type: 'object' } },
  }
  operationOf(file, 'post', '/contacts/search').responses['200'] = json({
    type: 'object',
    required: ['contacts', 'total'],
    properties: { contacts: { type: 'array', items: contact }, total: { type: 'number' }, traceId: text },
  })
  for (const name of ['NumericField', 'MonetoryField']) schemaOf(file, name).properties.field_value = { type: 'number' }
  for (const name of ['CreateContactDto', 'UpsertContactDto', 'UpdateContactDto'])
    schemaOf(file, name).properties.dateOfBirth = { type: 'string', nullable: true }
  // The old list answers full contacts, phone included.
  operationOf(file, 'get', '/contacts/').responses['200'] = json({
    type: 'object',
    properties: { contacts: { type: 'array', items: contact }, count: { type: 'number' } },
  })
}

export function patchMarketplace(file: SpecFile): void {
  const details = schemaOf(file, 'InstallerDetailsDTO')
  details.properties.whitelabelDetails = {
    type: 'object',
    properties: { domain: text, logoUrl: text },
  }
}
