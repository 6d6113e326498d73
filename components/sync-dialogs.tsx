'use client'

import { ArrowRight } from 'lucide-react'
import { useId } from 'react'
import { useTranslations } from 'use-intl'
import type { ContactSyncView } from '@/lib/bridge/contact-sync/contact-sync'
import type { LabelSyncView } from '@/lib/bridge/labels/label-sync'
import type { SessionView } from '@/lib/bridge/session/session'
import { Problem } from './notice'
import { useSettings } from './settings/settings-queries'
import {
  Counts,
  ProgressBar,
  Reading,
  SettingsLink,
  useLabelNotice,
  useNoLabels,
  useOnce,
  useSyncSentence,
  Warning,
} from './sync-parts'
import { usePreview, useSwitch, useSync, type SyncKind, type SyncViews } from './sync-queries'
import { Button } from './ui/button'
import { Dialog, DialogActions } from './ui/dialog'
import { Switch } from './ui/switch'

interface Opened {
  session: SessionView
  open: boolean
  onOpenChange: (open: boolean) => void
}

const busy: readonly string[] = ['reading', 'running', 'waiting']

/** Turned on after a preview, looked at while it runs, turned off with what stays. */
export function ContactSyncDialog({ session, ...opened }: Opened) {
  const t = useTranslations('syncing')
  return (
    <Dialog {...opened} title={t('contacts', { label: session.label })} description={t('contactsWhat')}>
      {opened.open && <ContactSync session={session} close={() => opened.onOpenChange(false)} />}
    </Dialog>
  )
}

/** The same for labels, and the way back: tags that become labels. */
export function LabelSyncDialog({ session, ...opened }: Opened) {
  const t = useTranslations('syncing')
  return (
    <Dialog {...opened} title={t('labels', { label: session.label })} description={t('labelsWhat')}>
      {opened.open && <LabelSync session={session} close={() => opened.onOpenChange(false)} />}
    </Dialog>
  )
}

/** One line for the session's card while a sync is on: how far it is, and a way to look for whoever may change it. */
export function SyncLine({ kind, session, onOpen }: { kind: SyncKind; session: SessionView; onOpen?: () => void }) {
  const t = useTranslations('syncing')
  const isOn = kind === 'contacts' ? session.syncContacts : session.syncLabels
  const sync = useSync(kind, session, isOn)
  const sentence = useSyncSentence(kind)
  if (!isOn || !sync.data) return null
  const progress = 'progress' in sync.data ? sync.data.progress : null
  const { state } = sync.data
  return (
    <div className="flex flex-col items-start gap-1.5">
      {progress && (state === 'running' || state === 'waiting') && (
        <div className="w-full">
          <ProgressBar {...progress} label={t(`${kind}Progress`, { label: session.label })} />
        </div>
      )}
      {state === 'failed' && <p className="text-bad text-pretty">{sentence(sync.data)}</p>}
      {onOpen && (
        <button type="button" onClick={onOpen} className="text-accent font-medium underline underline-offset-4">
          {t(busy.includes(state) ? 'lookBusy' : 'look')}
          <span className="sr-only">: {t(kind, { label: session.label })}</span>
        </button>
      )}
    </div>
  )
}

function ContactSync({ session, close }: { session: SessionView; close: () => void }) {
  const t = useTranslations('syncing')
  const sync = useSync('contacts', session, true)
  const preview = usePreview('contacts', session)
  const switching = useSwitch('contacts', session)
  const sentence = useSyncSentence('contacts')
  const settings = useSettings(session.locationId)
  const isOn = session.syncContacts
  useOnce(!isOn && sync.isFetched && sync.data?.state !== 'reading', () => preview.mutate())

  const view = sync.data
  const asked = preview.isPending || (preview.isIdle && !isOn && view?.state !== 'reading')
  if (!view || asked)
    return (
      <>
        <Reading text={t('loading')} />
        <Problem error={sync.error} />
      </>
    )
  const isDone = view.state === 'done'
  const counts = view.counts && [
    { key: 'new', name: t(isDone ? 'newDone' : 'new', { count: view.counts.new }), count: view.counts.new },
    {
      key: 'update',
      name: t(isDone ? 'updateDone' : 'update', { count: view.counts.update }),
      count: view.counts.update,
    },
    { key: 'skipped', name: t('skipped', { count: view.counts.skipped }), count: view.counts.skipped },
  ]
  return (
    <div className="flex flex-col gap-4">
      {preview.error === null && <State kind="contacts" session={session} view={view} text={sentence(view)} />}
      {counts && view.state !== 'reading' && <Counts of={counts} />}
      {view.state === 'ready' && <Warning>{t('startsWorkflows')}</Warning>}
      <Report report={view.report} />
      {settings.data && (
        <p className="text-muted text-pretty">
          {t(`names.${settings.data.namePolicy}`)}{' '}
          {settings.data.contactTag === '' ? t('noTag') : t('tag', { name: settings.data.contactTag })}{' '}
          <SettingsLink locationId={session.locationId}>{t('change')}</SettingsLink>
        </p>
      )}
      <Problem error={preview.error ?? switching.error} />
      <Actions
        kind="contacts"
        isOn={isOn}
        view={view}
        isPending={switching.isPending || preview.isPending}
        hasFailed={preview.isError}
        onConfirm={() => switching.mutate({ syncContacts: true })}
        onOff={() => switching.mutate({ syncContacts: false }, { onSuccess: close })}
        onRetry={() => preview.mutate()}
        close={close}
      />
    </div>
  )
}

function LabelSync({ session, close }: { session: SessionView; close: () => void }) {
  const t = useTranslations('syncing')
  const sync = useSync('labels', session, true)
  const preview = usePreview('labels', session)
  const switching = useSwitch('labels', session)
  const sentence = useSyncSentence('labels')
  const noticeText = useLabelNotice()
  const noLabels = useNoLabels()
  const isOn = session.syncLabels
  const isAvailable = sync.data?.available ?? false
  useOnce(!isOn && isAvailable && sync.data?.state !== 'reading', () => preview.mutate())

  const view = sync.data
  if (!view || preview.isPending || (preview.isIdle && !isOn && isAvailable && view.state !== 'reading'))
    return (
      <>
        <Reading text={t('loading')} />
        <Problem error={sync.error} />
      </>
    )
  if (!view.available)
    return (
      <>
        <Warning>{noLabels(view)}</Warning>
        <DialogActions>
          <Button variant="secondary" onClick={close}>
            {t('understood')}
          </Button>
        </DialogActions>
      </>
    )
  const isDone = view.state === 'done'
  const counts = view.counts && [
    { key: 'labels', name: t('labelCount', { count: view.counts.labels }), count: view.counts.labels },
    { key: 'contacts', name: t('contactCount', { count: view.counts.contacts }), count: view.counts.contacts },
    { key: 'added', name: t(isDone ? 'addedDone' : 'added', { count: view.counts.added }), count: view.counts.added },
  ]
  return (
    <div className="flex flex-col gap-4">
      {preview.error === null && <State kind="labels" session={session} view={view} text={sentence(view)} />}
      {counts && view.state !== 'reading' && <Counts of={counts} />}
      {view.notice && <Warning>{noticeText(view.notice)}</Warning>}
      <Labels labels={view.labels} />
      <PushTags session={session} />
      <Problem error={preview.error ?? switching.error} />
      <Actions
        kind="labels"
        isOn={isOn}
        view={view}
        isPending={switching.isPending || preview.isPending}
        hasFailed={preview.isError}
        onConfirm={() => switching.mutate({ syncLabels: true })}
        onOff={() => switching.mutate({ syncLabels: false }, { onSuccess: close })}
        onRetry={() => preview.mutate()}
        close={close}
      />
    </div>
  )
}

function State(props: { kind: SyncKind; session: SessionView; view: SyncViews[SyncKind]; text: string }) {
  const t = useTranslations('syncing')
  const { state } = props.view
  const progress = 'progress' in props.view ? props.view.progress : null
  if (state === 'off') return null
  if (state === 'reading') return <Reading text={props.text} />
  return (
    <>
      {progress && (state === 'running' || state === 'waiting') && (
        <ProgressBar {...progress} label={t(`${props.kind}Progress`, { label: props.session.label })} />
      )}
      <p role="status" className={state === 'failed' ? 'text-bad text-pretty' : 'text-pretty'}>
        {props.text}
      </p>
    </>
  )
}

function Actions(props: {
  kind: SyncKind
  isOn: boolean
  view: SyncViews[SyncKind]
  isPending: boolean
  hasFailed: boolean
  onConfirm: () => void
  onOff: () => void
  onRetry: () => void
  close: () => void
}) {
  const t = useTranslations('syncing')
  const common = useTranslations('common')
  const canRetry = props.hasFailed || props.view.state === 'failed'
  return (
    <>
      {props.isOn && <p className="text-muted text-pretty">{t(`${props.kind}Stay`)}</p>}
      <DialogActions>
        {props.isOn ? (
          <Button variant="secondary" disabled={props.isPending} onClick={props.onOff}>
            {t('turnOff')}
          </Button>
        ) : (
          <Button variant="secondary" onClick={props.close}>
            {common('cancel')}
          </Button>
        )}
        {canRetry ? (
          <Button disabled={props.isPending} onClick={props.onRetry}>
            {common('retry')}
          </Button>
        ) : props.isOn ? (
          <Button onClick={props.close}>{common('close')}</Button>
        ) : (
          <Button disabled={props.isPending || props.view.state !== 'ready'} onClick={props.onConfirm}>
            {t(`${props.kind}Confirm`)}
          </Button>
        )}
      </DialogActions>
    </>
  )
}

function Report({ report }: { report: ContactSyncView['report'] }) {
  const t = useTranslations('syncing')
  if (report.length === 0) return null
  return (
    <details className="border-line rounded-lg border">
      <summary className="cursor-pointer px-3 py-2 font-medium">{t('report', { count: report.length })}</summary>
      <ul className="divide-line border-line max-h-56 divide-y overflow-y-auto border-t" aria-label={t('reportLabel')}>
        {report.map(({ name, phone, why, whyCode }, index) => (
          <li key={`${phone} ${index}`} className="px-3 py-2">
            <p className="break-words">
              <span className="font-medium">{name || t('noName')}</span>{' '}
              {phone && (
                <bdi dir="ltr" className="text-muted">
                  {phone}
                </bdi>
              )}
            </p>
            <p className="text-muted text-pretty">{t.has(`why.${whyCode}`) ? t(`why.${whyCode}`) : why}</p>
          </li>
        ))}
      </ul>
    </details>
  )
}

function Labels({ labels }: { labels: LabelSyncView['labels'] }) {
  const t = useTranslations('syncing')
  if (labels.length === 0) return null
  return (
    <ul aria-label={t('labelList')} className="divide-line border-line divide-y rounded-lg border">
      {labels.map(({ name, tag, contacts }) => (
        <li key={`${name} ${tag}`} className="flex flex-wrap items-center gap-x-2 gap-y-0.5 px-3 py-2">
          <span className="max-w-full font-medium break-words">{name}</span>
          <ArrowRight role="img" aria-label={t('becomes')} className="text-muted size-3.5 shrink-0" />
          <span className="bg-sunken max-w-full rounded-md px-1.5 break-words">{tag}</span>
          <span className="text-muted ml-auto tabular-nums">{t('onContacts', { count: contacts })}</span>
        </li>
      ))}
    </ul>
  )
}

function PushTags({ session }: { session: SessionView }) {
  const t = useTranslations('syncing')
  const id = useId()
  const switching = useSwitch('labels', session)
  const settings = useSettings(session.locationId)
  const { pushedTags = [], pushedTagPrefix = '' } = settings.data ?? {}
  return (
    <div className="border-line flex flex-col gap-2 rounded-lg border p-3">
      <div className="flex items-start justify-between gap-4">
        <div className="min-w-0">
          <label htmlFor={id} className="font-medium">
            {t('push')}
          </label>
          <p id={`${id}-what`} className="text-muted text-pretty">
            {t('pushWhat')}
          </p>
        </div>
        <Switch
          id={id}
          checked={session.pushTags}
          disabled={switching.isPending}
          onCheckedChange={(pushTags) => switching.mutate({ pushTags })}
          aria-describedby={`${id}-what`}
        />
      </div>
      {settings.data && (
        <p className="text-muted text-pretty">
          {pushedTags.length > 0 && `${t('pushed', { names: pushedTags.join(', ') })} `}
          {pushedTagPrefix !== '' && `${t('pushedPrefix', { name: pushedTagPrefix })} `}
          {pushedTags.length === 0 && pushedTagPrefix === '' && `${t('pushedNone')} `}
          <SettingsLink locationId={session.locationId}>{t('choose')}</SettingsLink>
        </p>
      )}
      <Problem error={switching.error} />
    </div>
  )
}
