import type { Metadata, Viewport } from 'next'
import { GeistSans } from 'geist/font/sans'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { pickLanguage } from '@/components/language'
import { Texts } from '@/components/texts'
import './globals.css'

export const metadata: Metadata = { title: 'Trunkline', description: 'WhatsApp numbers in your CRM' }
export const viewport: Viewport = { width: 'device-width', initialScale: 1 }

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { language, locale } = pickLanguage((await headers()).get('accept-language'))
  return (
    <html lang={locale} className={GeistSans.variable}>
      <body>
        <Texts language={language} locale={locale}>
          {children}
        </Texts>
      </body>
    </html>
  )
}
