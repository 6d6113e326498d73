import { Switch as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn'

export function Switch({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      className={cn(
        'border-muted data-[state=checked]:bg-accent data-[state=checked]:border-accent bg-sunken relative h-6 w-11 shrink-0 rounded-full border motion-safe:transition-colors disabled:opacity-55',
        className,
      )}
      {...props}
    >
      <Radix.Thumb className="bg-muted data-[state=checked]:bg-accent-ink block size-4 translate-x-1 rounded-full motion-safe:transition-transform data-[state=checked]:translate-x-[1.375rem]" />
    </Radix.Root>
  )
}
