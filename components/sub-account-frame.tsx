'use client'

import { ArrowLeft, CloudOff } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import type { SubAccountView } from '@/lib/bridge/sub-account/list'
import { Banners, Strip } from './banners'
import { Live } from './live'
import { LoadError } from './notice'
import { OpenInTab } from './open-in-tab'
import { useLocation } from './queries'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'
import { cn } from './ui/cn'
import { Skeleton } from './ui/skeleton'

/** One sub-account: its name, its tabs, and what stands between it and the CRM. */
export function SubAccountFrame({ locationId, children }: { locationId: string; children: ReactNode }) {
  const t = useTranslations('subAccounts')
  const common = useTranslations('common')
  const { me } = useSignedIn()
  const location = useLocation(locationId)

  if (location.error && !location.data)
    return (
      <main className="px-4 py-12">
        <LoadError error={location.error} onRetry={() => void location.refetch()} />
      </main>
    )
  return (
    <Live locationId={locationId}>
      <main className="mx-auto w-full max-w-5xl px-4 py-5 sm:px-6">
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <div className="min-w-0">
            {me.locationId === null && (
              <Link href="/embed" className="text-muted hover:text-ink mb-1 inline-flex items-center gap-1.5">
                <ArrowLeft aria-hidden className="size-4" />
                {common('back')}
              </Link>
            )}
            {location.data ? (
              <h1 className="truncate text-xl font-semibold">{location.data.name || t('unnamed')}</h1>
            ) : (
              <Skeleton className="h-7 w-48" />
            )}
          </div>
          <OpenInTab />
        </header>
        <SectionTabs locationId={locationId} />
        {location.data && <LostAuthorisation location={location.data} />}
        <Banners locationId={locationId} />
        {children}
      </main>
    </Live>
  )
}

function SectionTabs({ locationId }: { locationId: string }) {
  const t = useTranslations('places')
  const { can } = useSignedIn()
  const path = usePathname()
  const base = `/embed/${encodeURIComponent(locationId)}`
  const sections = [
    { href: base, name: t('sessions') },
    { href: `${base}/messages`, name: t('messages') },
    ...(can('edit_sessions')
      ? [
          { href: `${base}/routing`, name: t('routing') },
          { href: `${base}/settings`, name: t('settings') },
        ]
      : []),
  ]
  return (
    <nav
      aria-label={t('label')}
      className="border-line mt-4 mb-5 flex overflow-x-auto overflow-y-hidden border-b text-[0.8125rem] sm:gap-1 sm:text-sm"
    >
      {sections.map(({ href, name }) => (
        <Link
          key={href}
          href={href}
          // Without a network the browser would show its own page in place of the app, for good.
          onNavigate={(event) => {
            if (!navigator.onLine) event.preventDefault()
          }}
          aria-current={path === href ? 'page' : undefined}
          className={cn(
            'border-b-2 px-2 py-2 font-medium whitespace-nowrap -outline-offset-2 sm:px-3',
            path === href ? 'border-accent text-ink' : 'text-muted hover:text-ink border-transparent',
          )}
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}

function LostAuthorisation({ location: { status, crmFailingSince } }: { location: SubAccountView }) {
  const t = useTranslations('lost')
  const format = useFormatter()
  if (status === 'active' && crmFailingSince !== null)
    return (
      <Strip
        tone="wait"
        icon={<CloudOff aria-hidden />}
        title={t('silent', {
          when: format.dateTime(new Date(crmFailingSince), { dateStyle: 'medium', timeStyle: 'short' }),
        })}
        text={t('silentHow')}
      />
    )
  if (status !== 'needs_reauth' && status !== 'suspended') return null
  return (
    <div
      role="alert"
      className="bg-bad-soft mb-5 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-xl p-4"
    >
      <div className="min-w-60 flex-1">
        <p className="text-bad font-semibold">{t(status)}</p>
        <p className="mt-0.5 text-pretty">{t(`${status}How`)}</p>
      </div>
      {status === 'needs_reauth' && (
        <Button asChild>
          <a href="/oauth/install" target="_blank" rel="noreferrer">
            {t('reconnect')}
          </a>
        </Button>
      )}
    </div>
  )
}
