/** Everything `/api/v1` can be asked, once: routes parse and answer by it, the OpenAPI document is made from it. */
import { z } from 'zod'
import { alertList, entitlement } from './schemas/entitlement'
import {
  acceptedMessage,
  message,
  messageListQuery,
  messagePage,
  messageParams,
  sendMessageBody,
} from './schemas/message'
import {
  contactPage,
  contactParams,
  contactQuery,
  contactSession,
  contactSessionBody,
  contactSessionQuery,
  priorities,
  priorityBody,
  priorityPreview,
  priorityQuery,
  routingPreview,
  routingPreviewBody,
  settings,
  settingsPatch,
} from './schemas/routing'
import { contactSync } from './schemas/contact-sync'
import { labelSync } from './schemas/label-sync'
import {
  createSessionBody,
  pairingCode,
  pairingCodeBody,
  patchSessionBody,
  qr,
  removeSessionQuery,
  session,
  sessionListQuery,
  sessionPage,
  sessionParams,
} from './schemas/session'
import {
  locationListQuery,
  locationParams,
  meAnswer,
  overview,
  subAccount,
  subAccountPage,
  userPage,
} from './schemas/sub-account'

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete'

export interface Operation<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType | null = z.ZodType | null,
> {
  method: Method
  /** Under `/api/v1`. */
  path: string
  summary: string
  params: Params
  query: Query
  body: Body
  status: 200 | 201 | 202 | 204
  /** Null: no body, or (`stream`) not JSON. */
  answer: Answer
  stream?: boolean
}

const nothing = z.strictObject({})

function operation<
  Answer extends z.ZodType | null,
  Params extends z.ZodType = typeof nothing,
  Query extends z.ZodType = typeof nothing,
  Body extends z.ZodType = typeof nothing,
>(
  method: Method,
  path: string,
  summary: string,
  status: Operation['status'],
  answer: Answer,
  asked: { params?: Params; query?: Query; body?: Body; stream?: boolean } = {},
): Operation<Params, Query, Body, Answer> {
  const { params, query, body, stream } = asked
  return {
    method,
    path,
    summary,
    status,
    answer,
    stream: stream ?? false,
    // The parameters' defaults are `nothing`, which is what an absent schema is.
    params: params ?? (nothing as unknown as Params),
    query: query ?? (nothing as unknown as Query),
    body: body ?? (nothing as unknown as Body),
  }
}

const ofLocation = { params: locationParams }
const ofSession = { params: sessionParams }

export const operations = {
  readMe: operation('get', '/me', 'Who the token speaks for', 200, meAnswer),
  listLocations: operation('get', '/locations', 'Sub-accounts this caller may see', 200, subAccountPage, {
    query: locationListQuery,
  }),
  readLocation: operation('get', '/locations/{locationId}', 'One sub-account', 200, subAccount, ofLocation),
  listUsers: operation('get', '/locations/{locationId}/users', "The CRM's users of it", 200, userPage, ofLocation),
  readOverview: operation(
    'get',
    '/locations/{locationId}/overview',
    'Sessions by status, messages by day and outcome',
    200,
    overview,
    ofLocation,
  ),
  listSessions: operation('get', '/locations/{locationId}/sessions', 'Sessions by priority', 200, sessionPage, {
    ...ofLocation,
    query: sessionListQuery,
  }),
  createSession: operation(
    'post',
    '/locations/{locationId}/sessions',
    'Add a session and start linking it',
    201,
    session,
    { ...ofLocation, body: createSessionBody },
  ),
  listMessages: operation('get', '/locations/{locationId}/messages', 'The log, newest first', 200, messagePage, {
    ...ofLocation,
    query: messageListQuery,
  }),
  watchLocation: operation(
    'get',
    '/locations/{locationId}/events',
    'Server-sent events: session, qr, message, sync, alert, entitlement; each carries the body of the matching GET',
    200,
    null,
    { ...ofLocation, stream: true },
  ),
  readSession: operation('get', '/sessions/{sessionId}', 'One session', 200, session, ofSession),
  patchSession: operation('patch', '/sessions/{sessionId}', 'Change a session', 200, session, {
    ...ofSession,
    body: patchSessionBody,
  }),
  removeSession: operation('delete', '/sessions/{sessionId}', 'Unlink and delete a session', 204, null, {
    ...ofSession,
    query: removeSessionQuery,
  }),
  readQr: operation(
    'get',
    '/sessions/{sessionId}/qr',
    'The QR to scan while awaiting_link; else 409',
    200,
    qr,
    ofSession,
  ),
  requestPairingCode: operation(
    'post',
    '/sessions/{sessionId}/pairing-code',
    'A code to type on the phone instead of scanning',
    200,
    pairingCode,
    { ...ofSession, body: pairingCodeBody },
  ),
  linkSession: operation('post', '/sessions/{sessionId}/link', 'Show a QR to link a number', 200, session, ofSession),
  startSession: operation('post', '/sessions/{sessionId}/start', 'Connect a stopped session', 200, session, ofSession),
  stopSession: operation('post', '/sessions/{sessionId}/stop', 'Disconnect, keep the link', 200, session, ofSession),
  logoutSession: operation(
    'post',
    '/sessions/{sessionId}/logout',
    'Unlink the number, keep the session',
    200,
    session,
    ofSession,
  ),
  sendMessage: operation(
    'post',
    '/sessions/{sessionId}/messages',
    'Send a text on this session',
    202,
    acceptedMessage,
    { ...ofSession, body: sendMessageBody },
  ),
  readMessage: operation('get', '/messages/{messageId}', 'One message with its parts and trace', 200, message, {
    params: messageParams,
  }),
  readSettings: operation('get', '/locations/{locationId}/settings', 'Routing and sync', 200, settings, ofLocation),
  changeSettings: operation(
    'patch',
    '/locations/{locationId}/settings',
    'Change any of them; rules are replaced as a list',
    200,
    settings,
    { ...ofLocation, body: settingsPatch },
  ),
  previewPriority: operation(
    'get',
    '/sessions/{sessionId}/priority',
    'What each code would mean if the session had another priority',
    200,
    priorityPreview,
    { ...ofSession, query: priorityQuery },
  ),
  changePriority: operation(
    'put',
    '/sessions/{sessionId}/priority',
    'Give it a priority; the session that has it takes the old one',
    200,
    priorities,
    { ...ofSession, body: priorityBody },
  ),
  restartSession: operation('post', '/sessions/{sessionId}/restart', 'Connect it anew', 200, session, ofSession),
  replaceNumber: operation(
    'post',
    '/sessions/{sessionId}/replace-number',
    'Forget the old number after another one was scanned, and link anew',
    200,
    session,
    ofSession,
  ),
  previewRouting: operation(
    'post',
    '/locations/{locationId}/routing/preview',
    'Which session would send a message, and why; sends nothing',
    200,
    routingPreview,
    { ...ofLocation, body: routingPreviewBody },
  ),
  findContacts: operation(
    'get',
    '/locations/{locationId}/contacts',
    'Contacts by name or number: those known here first',
    200,
    contactPage,
    { ...ofLocation, query: contactQuery },
  ),
  chooseContactSession: operation(
    'post',
    '/contacts/{contactId}/session',
    'Keep the conversation of a contact on one session',
    200,
    contactSession,
    { params: contactParams, body: contactSessionBody },
  ),
  freeContactSession: operation(
    'delete',
    '/contacts/{contactId}/session',
    'Let the conversation move again',
    200,
    contactSession,
    { params: contactParams, query: contactSessionQuery },
  ),
  readContactSync: operation(
    'get',
    '/sessions/{sessionId}/contact-sync',
    'How the saved contacts of the phone get into the CRM',
    200,
    contactSync,
    ofSession,
  ),
  previewContactSync: operation(
    'post',
    '/sessions/{sessionId}/contact-sync/preview',
    'Read the address book and count what a sync would do; writes nothing to the CRM',
    202,
    contactSync,
    ofSession,
  ),
  readLabelSync: operation(
    'get',
    '/sessions/{sessionId}/label-sync',
    'How the labels of the phone and the tags of contacts follow each other',
    200,
    labelSync,
    ofSession,
  ),
  previewLabelSync: operation(
    'post',
    '/sessions/{sessionId}/label-sync/preview',
    'Read the labels and count what a sync would do; writes nothing to the CRM',
    202,
    labelSync,
    ofSession,
  ),
  readEntitlement: operation(
    'get',
    '/locations/{locationId}/entitlement',
    'Trial or payment, until when, and how many sessions it allows',
    200,
    entitlement,
    ofLocation,
  ),
  listAlerts: operation(
    'get',
    '/locations/{locationId}/alerts',
    'Sessions that need somebody now',
    200,
    alertList,
    ofLocation,
  ),
  readOpenapi: operation('get', '/openapi.json', 'This document', 200, z.looseObject({})),
} satisfies Record<string, Operation>
