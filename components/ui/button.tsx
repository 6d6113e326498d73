import { cva, type VariantProps } from 'class-variance-authority'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn'

const styles = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap motion-safe:transition-colors disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-accent text-accent-ink hover:bg-accent-strong',
        secondary: 'border border-line bg-card hover:bg-sunken',
        quiet: 'text-muted hover:bg-sunken hover:text-ink',
        danger: 'bg-bad text-card hover:opacity-90',
      },
      size: { normal: 'h-9 px-3.5', small: 'h-8 px-2.5 text-[0.8125rem]', icon: 'size-9' },
    },
    defaultVariants: { variant: 'primary', size: 'normal' },
  },
)

export function Button({
  className,
  variant,
  size,
  asChild,
  ...props
}: ComponentProps<'button'> & VariantProps<typeof styles> & { asChild?: boolean }) {
  const Element = asChild ? Slot.Root : 'button'
  return (
    <Element type={asChild ? undefined : 'button'} className={cn(styles({ variant, size }), className)} {...props} />
  )
}
