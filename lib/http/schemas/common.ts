import { z } from 'zod'

/** Every schema that has a name in the OpenAPI document. */
export const named = z.registry<{ id: string }>()

export const name = <T extends z.ZodType>(id: string, schema: T): T => {
  named.add(schema, { id })
  return schema
}

/** Our ids are UUIDs; the brand says of what. */
export const uuidOf = <T extends string>() => z.uuid() as unknown as z.ZodType<T, string>
/** The CRM's ids are short opaque words. */
export const crmIdOf = <T extends string>() => z.string().min(1).max(64) as unknown as z.ZodType<T, string>

export const moment = z.iso.datetime()

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(500).optional(),
}

export const pageOf = <T extends z.ZodType>(id: string, item: T) =>
  name(id, z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() }))

export const errorAnswer = name(
  'Error',
  z.strictObject({
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      fields: z.record(z.string(), z.string()).optional(),
    }),
  }),
)
