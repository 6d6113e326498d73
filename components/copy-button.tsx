'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState, type ComponentProps } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './ui/button'

export function CopyButton({ text, label, ...props }: { text: string; label: string } & ComponentProps<typeof Button>) {
  const t = useTranslations('common')
  const [copied, setCopied] = useState<string | null>(null)

  useEffect(() => {
    if (copied === null) return
    const timer = setTimeout(() => setCopied(null), 2000)
    return () => clearTimeout(timer)
  }, [copied])

  const isCopied = copied === text
  return (
    <>
      <Button
        variant="secondary"
        aria-label={label}
        {...props}
        onClick={async () => {
          await copyText(text)
          setCopied(text)
        }}
      >
        {isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
        {/* Both words take their room, so nothing moves when one replaces the other. */}
        <span className="grid">
          <span className={`col-start-1 row-start-1 ${isCopied ? 'invisible' : ''}`}>{label}</span>
          <span className={`col-start-1 row-start-1 ${isCopied ? '' : 'invisible'}`}>{t('copied')}</span>
        </span>
      </Button>
      {/* Beside the button: what is live inside one is not its name, and is not announced. */}
      <span role="status" className="sr-only">
        {isCopied ? t('copied') : ''}
      </span>
    </>
  )
}

/** A frame of another site may be denied the clipboard; selecting and copying works everywhere. */
async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
}
