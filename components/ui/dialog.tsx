'use client'

import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './button'

export function Dialog(props: {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: string
  children: ReactNode
}) {
  const t = useTranslations('common')
  const [opener, setOpener] = useState<HTMLElement[]>([])
  const [wasOpen, setWasOpen] = useState(false)
  if (props.open !== wasOpen) {
    setWasOpen(props.open)
    // Looked up before the dialog takes the focus, which a field in it does at once.
    if (props.open) setOpener(openerOf(document.activeElement))
  }
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          onEscapeKeyDown={(event) => {
            // It closes the list that is open in a field, and not what was filled in around it.
            if (document.activeElement?.matches('[role=combobox][aria-expanded=true]')) event.preventDefault()
          }}
          onCloseAutoFocus={(event) => {
            const next = nextTo(opener)
            if (!next) return
            event.preventDefault()
            next.focus()
          }}
          {...(props.description === undefined && { 'aria-describedby': undefined })}
          className="border-line bg-card fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-xl border p-5 shadow-xl"
        >
          <div className="flex flex-col gap-1.5 pr-8">
            <Radix.Title className="text-base font-semibold text-balance">{props.title}</Radix.Title>
            {props.description && (
              <Radix.Description className="text-muted text-pretty">{props.description}</Radix.Description>
            )}
          </div>
          {props.children}
          <Radix.Close asChild>
            <Button variant="quiet" size="icon" className="absolute top-3 right-3" aria-label={t('close')}>
              <X aria-hidden />
            </Button>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** What had the focus, and what that stands in; of a menu that closes, the button that had opened it. */
function openerOf(element: Element | null): HTMLElement[] {
  const menu = element?.closest('[role=menu]')
  const found = menu ? document.getElementById(menu.getAttribute('aria-labelledby') ?? '') : element
  const path: HTMLElement[] = []
  for (let at = found; at instanceof HTMLElement && at !== document.body; at = at.parentElement) path.push(at)
  return path
}

/** What had opened it, or, that being gone, what can be used closest to where it stood. */
function nextTo([opener, ...around]: HTMLElement[]): HTMLElement | null {
  const usable = 'button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled)'
  if (opener?.isConnected && opener.matches(usable)) return opener
  const left = around.filter((element) => element.isConnected)
  return left.map((element) => element.querySelector<HTMLElement>(usable)).find((found) => found !== null) ?? null
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-1">{children}</div>
}
