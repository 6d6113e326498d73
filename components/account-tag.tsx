'use client'

import { Pencil } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useLocale, useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { ApiError } from './api'
import { useErrorText } from './notice'
import { useChangeSession } from './session-queries'
import { useSettings } from './settings/settings-queries'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { Dialog, DialogActions } from './ui/dialog'
import { TextField } from './ui/field'

/** As the API takes it, which puts it in lower case. */
const isAccountTag = (tag: string) =>
  [...tag].length <= 60 && /^wa-account-[\p{L}\p{N}]+(-[\p{L}\p{N}]+)*$/u.test(tag.toLowerCase())

/** The tag that contacts of this session carry in the CRM. */
export function AccountTag({ session }: { session: SessionView }) {
  const t = useTranslations('accountTag')
  const { can } = useSignedIn()
  const [isOpen, setOpen] = useState(false)
  return (
    <div className="flex min-h-9 min-w-0 items-center gap-1">
      <p className="min-w-0 text-[0.8125rem] leading-4.5 font-medium break-words">{session.accountTag ?? t('none')}</p>
      {can('edit_sessions') && (
        <>
          <Button
            variant="quiet"
            size="icon"
            className="size-8"
            aria-label={t('change', { label: session.label })}
            onClick={() => setOpen(true)}
          >
            <Pencil aria-hidden />
          </Button>
          <TagDialog key={String(isOpen)} session={session} open={isOpen} onOpenChange={setOpen} />
        </>
      )}
    </div>
  )
}

function TagDialog(props: { session: SessionView; open: boolean; onOpenChange: (open: boolean) => void }) {
  const { session, ...opened } = props
  const t = useTranslations('accountTag')
  return (
    <Dialog {...opened} title={t('title', { label: session.label })} description={t('what')}>
      {opened.open && <TagForm session={session} close={() => opened.onOpenChange(false)} />}
    </Dialog>
  )
}

function TagForm({ session, close }: { session: SessionView; close: () => void }) {
  const t = useTranslations('accountTag')
  const common = useTranslations('common')
  const errorText = useErrorText()
  const isEnglish = useLocale().startsWith('en')
  const settings = useSettings(session.locationId)
  const changing = useChangeSession(session)
  const [tag, setTag] = useState(session.accountTag ?? 'wa-account-')
  const [isWrong, setWrong] = useState(false)

  const refused = (error: unknown) =>
    // English is what the server says, which knows whose it is.
    !isEnglish && error instanceof ApiError && error.fields.accountTag === 'taken' ? t('taken') : errorText(error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const typed = tag.trim()
    setWrong(!isAccountTag(typed))
    if (!isAccountTag(typed)) return
    if (typed.toLowerCase() === session.accountTag) close()
    else changing.mutate({ accountTag: typed }, { onSuccess: close })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
      {settings.data && <p className="bg-sunken text-muted rounded-lg p-3 text-pretty">{t(settings.data.tagMode)}</p>}
      <TextField
        label={t('label')}
        hint={t('hint')}
        error={isWrong ? t('wrong') : changing.error ? refused(changing.error) : null}
        value={tag}
        onChange={(event) => {
          setTag(event.target.value)
          setWrong(false)
          if (changing.error) changing.reset()
        }}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
      />
      <DialogActions>
        <Button variant="secondary" onClick={close}>
          {common('cancel')}
        </Button>
        <Button type="submit" disabled={changing.isPending}>
          {t('submit')}
        </Button>
      </DialogActions>
    </form>
  )
}
