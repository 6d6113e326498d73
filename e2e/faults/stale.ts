// Finds writes on behalf of a session by a worker that does not hold its lease. Workers name themselves to the database.
import type { FaultWorld } from './world'

const watched = ['whatsapp_keys', 'whatsapp_credentials', 'whatsapp_inbox', 'parts'] as const

export async function watchForStaleWrites(world: FaultWorld): Promise<() => Promise<string[]>> {
  const { sql } = world
  await sql.unsafe(`
    create table stale_writes (what text not null, writer text not null, holder text);
    create function note_stale_write() returns trigger language plpgsql as $$
    declare
      writer text := current_setting('application_name');
      holder text;
    begin
      select owner into holder from leases where session_id = new.session_id;
      if writer like 'worker-%' and writer is distinct from holder then
        insert into stale_writes values (tg_table_name, writer, holder);
      end if;
      return null;
    end $$;`)
  for (const table of watched) {
    // Any worker may bind a message to a session; only its holder moves its parts on.
    const events = table === 'parts' ? 'update of state' : 'insert or update'
    await sql.unsafe(
      `create trigger watch_stale after ${events} on ${table} for each row execute function note_stale_write()`,
    )
  }
  return async () => (await sql<{ what: string }[]>`select what from stale_writes`).map(({ what }) => what)
}

/** Takes the rule away that every takeover has a number of its own. */
export async function keepEpochs({ sql }: FaultWorld): Promise<void> {
  await sql.unsafe(`
    create function keep_epoch() returns trigger language plpgsql as $$
    begin new.epoch := old.epoch; return new; end $$;
    create trigger keep_epoch before update on leases for each row execute function keep_epoch()`)
}
