import { z } from 'zod'
import type { World } from '../world'

export const number = z.string().min(1)

export interface Verb<Input extends z.ZodType, Output> {
  input: Input
  run(world: World, input: z.output<Input>): Output | Promise<Output>
}

export function verb<Input extends z.ZodType, Output>(
  input: Input,
  run: (world: World, input: z.output<Input>) => Output | Promise<Output>,
): Verb<Input, Output> {
  return { input, run }
}
