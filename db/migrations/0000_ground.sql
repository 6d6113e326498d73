CREATE TABLE "book_requests" (
	"session_id" uuid NOT NULL,
	"what" text NOT NULL,
	"asked_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"problem" text,
	CONSTRAINT "book_requests_session_id_what_pk" PRIMARY KEY("session_id","what")
);
--> statement-breakpoint
CREATE TABLE "contact_syncs" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"state" text NOT NULL,
	"reading" integer DEFAULT 0 NOT NULL,
	"is_read" boolean DEFAULT false NOT NULL,
	"count_new" integer,
	"count_update" integer,
	"count_skipped" integer,
	"total" integer,
	"problem" text,
	"is_at_work" boolean DEFAULT false NOT NULL,
	"turn" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "deleted_contacts" (
	"location_id" text NOT NULL,
	"phone" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "deleted_contacts_location_id_phone_pk" PRIMARY KEY("location_id","phone")
);
--> statement-breakpoint
CREATE TABLE "saved_contacts" (
	"session_id" uuid NOT NULL,
	"key" text NOT NULL,
	"location_id" text NOT NULL,
	"phone" text,
	"aliases" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"name" text,
	"is_saved" boolean DEFAULT true NOT NULL,
	"reading" integer NOT NULL,
	"is_due" boolean DEFAULT false NOT NULL,
	"in_run" boolean DEFAULT false NOT NULL,
	"plan" text,
	"candidates" jsonb,
	"tried_name" text,
	"contact_id" text,
	"outcome" text,
	"why" text,
	CONSTRAINT "saved_contacts_session_id_key_pk" PRIMARY KEY("session_id","key")
);
--> statement-breakpoint
CREATE TABLE "written_names" (
	"location_id" text NOT NULL,
	"contact_id" text NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "written_names_location_id_contact_id_pk" PRIMARY KEY("location_id","contact_id")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"lane_id" text NOT NULL,
	"location_id" text NOT NULL,
	"subject_id" uuid NOT NULL,
	"seq" bigserial NOT NULL,
	"state" text DEFAULT 'ready' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"unsettled" boolean DEFAULT false NOT NULL,
	"last_error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "lanes" (
	"id" text PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"session_id" uuid,
	"rank" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"turn" bigint DEFAULT 0 NOT NULL,
	"busy_by" text,
	"busy_epoch" bigint,
	"busy_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"session_id" uuid NOT NULL,
	"level" text NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"since" timestamp (3) with time zone NOT NULL,
	"raised_at" timestamp (3) with time zone,
	"told" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone,
	"resolved_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "entitlements" (
	"location_id" text PRIMARY KEY NOT NULL,
	"trial_started_at" timestamp (3) with time zone,
	"trial_ends_at" timestamp (3) with time zone,
	"trial_by" text,
	"ended_at" timestamp (3) with time zone,
	"told" text,
	"warnings" integer DEFAULT 0 NOT NULL,
	"warned_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"location_id" text PRIMARY KEY NOT NULL,
	"granted_at" timestamp (3) with time zone NOT NULL,
	"until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "mails" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"location_id" text NOT NULL,
	"kind" text NOT NULL,
	"facts" jsonb NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "trial_marks" (
	"mark" "bytea" PRIMARY KEY NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"direction" text NOT NULL,
	"origin" text NOT NULL,
	"person_id" uuid,
	"contact_id" text,
	"session_id" uuid,
	"chat_id" uuid,
	"crm_message_id" text,
	"remote_id" text,
	"user_id" text,
	"to_phone" text,
	"body_sealed" "bytea" NOT NULL,
	"status" text NOT NULL,
	"failure_code" text,
	"failure_message" text,
	"trace" jsonb,
	"pushed_status" text,
	"held_at" timestamp (3) with time zone,
	"hold_ms" integer,
	"read_back" text,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "parts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"message_id" uuid NOT NULL,
	"location_id" text NOT NULL,
	"session_id" uuid NOT NULL,
	"chat_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"remote_id" text NOT NULL,
	"content_sealed" "bytea" NOT NULL,
	"prepared_sealed" "bytea",
	"state" text DEFAULT 'queued' NOT NULL,
	"epoch" bigint,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "chats" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"session_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"address" text NOT NULL,
	"reachable" boolean,
	"checked_at" timestamp (3) with time zone,
	"opened_at" timestamp (3) with time zone,
	"next_seq" bigint DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"contact_id" text,
	"conversation_id" text,
	"phone" text,
	"name" text,
	"dnd" boolean,
	"tags" text[],
	"owner_user_id" text,
	"facts_at" timestamp (3) with time zone,
	"has_written" boolean DEFAULT false NOT NULL,
	"last_wrote_at" timestamp (3) with time zone,
	"last_wrote_to" uuid,
	"affinity_session_id" uuid,
	"affinity_set_by" text,
	"affinity_set_at" timestamp (3) with time zone,
	"affinity_locked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "person_addresses" (
	"location_id" text NOT NULL,
	"channel" text NOT NULL,
	"address" text NOT NULL,
	"person_id" uuid NOT NULL,
	CONSTRAINT "person_addresses_location_id_channel_address_pk" PRIMARY KEY("location_id","channel","address")
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"owner" text,
	"epoch" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp (3) with time zone DEFAULT '-infinity' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pairings" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"text_sealed" "bytea" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"channel" text NOT NULL,
	"label" text NOT NULL,
	"priority" integer NOT NULL,
	"wanted" text NOT NULL,
	"wish" integer DEFAULT 1 NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"duplicate_of" uuid,
	"attempt" integer DEFAULT 0 NOT NULL,
	"next_retry_at" timestamp (3) with time zone,
	"since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"suspended_at" timestamp (3) with time zone,
	"under_status" text,
	"under_reason" text,
	"hung_up_at" timestamp (3) with time zone,
	"is_linked" boolean DEFAULT false NOT NULL,
	"phone" text,
	"aliases" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"push_name" text,
	"platform" text,
	"code_phone" text,
	"code_asked_at" timestamp (3) with time zone,
	"assigned_user_id" text,
	"routes_for_user" boolean DEFAULT true NOT NULL,
	"gives_new_contacts" boolean DEFAULT true NOT NULL,
	"gives_known_contacts" text DEFAULT 'never' NOT NULL,
	"sync_contacts" boolean DEFAULT false NOT NULL,
	"sync_labels" boolean DEFAULT false NOT NULL,
	"push_tags" boolean DEFAULT false NOT NULL,
	"account_tag" text,
	"first_linked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"connected_at" timestamp (3) with time zone,
	"last_active_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "agencies" (
	"id" text PRIMARY KEY NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"installed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"uninstalled_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "app_events" (
	"key" text PRIMARY KEY NOT NULL,
	"event" text NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"user_id" text,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "browser_sessions" (
	"id_hash" "bytea" PRIMARY KEY NOT NULL,
	"actor" jsonb NOT NULL,
	"signed_in_at" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"checked_at" timestamp (3) with time zone NOT NULL,
	"confirmed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "crm_budgets" (
	"location_id" text PRIMARY KEY NOT NULL,
	"spent_until" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"failing_since" timestamp (3) with time zone,
	"day" date,
	"day_count" integer DEFAULT 0 NOT NULL,
	"every_ms" integer,
	"burst_ms" integer,
	"per_day" integer
);
--> statement-breakpoint
CREATE TABLE "data_keys" (
	"tenant" text NOT NULL,
	"version" integer NOT NULL,
	"kid" text NOT NULL,
	"wrapped" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "data_keys_tenant_version_pk" PRIMARY KEY("tenant","version")
);
--> statement-breakpoint
CREATE TABLE "oauth_states" (
	"state_hash" "bytea" PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sso_exchanges" (
	"payload_hash" "bytea" PRIMARY KEY NOT NULL,
	"frame_hash" "bytea" NOT NULL,
	"exchanged_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sub_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"company_id" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"max_sessions" integer DEFAULT 5 NOT NULL,
	"installed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"uninstalled_at" timestamp (3) with time zone,
	"compared_at" timestamp (3) with time zone,
	"compare_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tab_codes" (
	"code_hash" "bytea" PRIMARY KEY NOT NULL,
	"actor" jsonb NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"owner_kind" text NOT NULL,
	"owner_id" text NOT NULL,
	"access_sealed" "bytea" NOT NULL,
	"refresh_sealed" "bytea",
	"expires_at" timestamp (3) with time zone NOT NULL,
	"refresh_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tokens_owner_kind_owner_id_pk" PRIMARY KEY("owner_kind","owner_id")
);
--> statement-breakpoint
CREATE TABLE "kept_affinities" (
	"person_id" uuid PRIMARY KEY NOT NULL,
	"location_id" text NOT NULL,
	"phone" text NOT NULL,
	"set_at" timestamp (3) with time zone NOT NULL,
	"locked" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "label_marks" (
	"session_id" uuid NOT NULL,
	"label_id" text NOT NULL,
	"person_id" uuid NOT NULL,
	"is_on" boolean NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "label_marks_session_id_label_id_person_id_pk" PRIMARY KEY("session_id","label_id","person_id")
);
--> statement-breakpoint
CREATE TABLE "label_syncs" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"counts" jsonb,
	"notice" text,
	"changed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "label_tags" (
	"person_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "label_tags_person_id_tag_pk" PRIMARY KEY("person_id","tag")
);
--> statement-breakpoint
CREATE TABLE "label_wishes" (
	"session_id" uuid NOT NULL,
	"person_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"wanted" boolean NOT NULL,
	"wished_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "label_wishes_session_id_person_id_tag_pk" PRIMARY KEY("session_id","person_id","tag")
);
--> statement-breakpoint
CREATE TABLE "labels" (
	"session_id" uuid NOT NULL,
	"label_id" text NOT NULL,
	"location_id" text NOT NULL,
	"name" text NOT NULL,
	"color" integer NOT NULL,
	"tag" text NOT NULL,
	"is_deleted" boolean DEFAULT false NOT NULL,
	"is_pending" boolean DEFAULT false NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "labels_session_id_label_id_pk" PRIMARY KEY("session_id","label_id")
);
--> statement-breakpoint
CREATE TABLE "shared_tags" (
	"person_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"is_on" boolean NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "shared_tags_person_id_tag_pk" PRIMARY KEY("person_id","tag")
);
--> statement-breakpoint
CREATE TABLE "tag_states" (
	"person_id" uuid PRIMARY KEY NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"needs_read" boolean DEFAULT false NOT NULL,
	"told_at" timestamp (3) with time zone,
	"read_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "tag_wishes" (
	"person_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"wanted" boolean NOT NULL,
	"because" text NOT NULL,
	"wished_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tag_wishes_person_id_tag_pk" PRIMARY KEY("person_id","tag")
);
--> statement-breakpoint
CREATE TABLE "tag_writes" (
	"person_id" uuid NOT NULL,
	"tag" text NOT NULL,
	"added" boolean NOT NULL,
	"written_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "tag_writes_person_id_tag_pk" PRIMARY KEY("person_id","tag")
);
--> statement-breakpoint
CREATE TABLE "whatsapp_credentials" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"sealed" "bytea" NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_inbox" (
	"session_id" uuid NOT NULL,
	"id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"heard_at" timestamp (3) with time zone,
	CONSTRAINT "whatsapp_inbox_session_id_id_pk" PRIMARY KEY("session_id","id")
);
--> statement-breakpoint
CREATE TABLE "whatsapp_keys" (
	"session_id" uuid NOT NULL,
	"type" text NOT NULL,
	"id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	CONSTRAINT "whatsapp_keys_session_id_type_id_pk" PRIMARY KEY("session_id","type","id")
);
--> statement-breakpoint
ALTER TABLE "book_requests" ADD CONSTRAINT "book_requests_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_syncs" ADD CONSTRAINT "contact_syncs_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_syncs" ADD CONSTRAINT "contact_syncs_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deleted_contacts" ADD CONSTRAINT "deleted_contacts_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_contacts" ADD CONSTRAINT "saved_contacts_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_contacts" ADD CONSTRAINT "saved_contacts_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "written_names" ADD CONSTRAINT "written_names_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_lane_id_lanes_id_fk" FOREIGN KEY ("lane_id") REFERENCES "public"."lanes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lanes" ADD CONSTRAINT "lanes_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lanes" ADD CONSTRAINT "lanes_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "entitlements" ADD CONSTRAINT "entitlements_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_chat_id_chats_id_fk" FOREIGN KEY ("chat_id") REFERENCES "public"."chats"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "parts" ADD CONSTRAINT "parts_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "parts" ADD CONSTRAINT "parts_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "parts" ADD CONSTRAINT "parts_chat_id_chats_id_fk" FOREIGN KEY ("chat_id") REFERENCES "public"."chats"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "chats" ADD CONSTRAINT "chats_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "chats" ADD CONSTRAINT "chats_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_affinity_session_id_sessions_id_fk" FOREIGN KEY ("affinity_session_id") REFERENCES "public"."sessions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_addresses" ADD CONSTRAINT "person_addresses_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_addresses" ADD CONSTRAINT "person_addresses_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leases" ADD CONSTRAINT "leases_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pairings" ADD CONSTRAINT "pairings_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kept_affinities" ADD CONSTRAINT "kept_affinities_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kept_affinities" ADD CONSTRAINT "kept_affinities_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_marks" ADD CONSTRAINT "label_marks_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_marks" ADD CONSTRAINT "label_marks_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_syncs" ADD CONSTRAINT "label_syncs_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_tags" ADD CONSTRAINT "label_tags_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_wishes" ADD CONSTRAINT "label_wishes_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_wishes" ADD CONSTRAINT "label_wishes_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "labels" ADD CONSTRAINT "labels_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "labels" ADD CONSTRAINT "labels_location_id_sub_accounts_id_fk" FOREIGN KEY ("location_id") REFERENCES "public"."sub_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shared_tags" ADD CONSTRAINT "shared_tags_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tag_states" ADD CONSTRAINT "tag_states_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tag_wishes" ADD CONSTRAINT "tag_wishes_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tag_writes" ADD CONSTRAINT "tag_writes_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "whatsapp_credentials" ADD CONSTRAINT "whatsapp_credentials_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "whatsapp_inbox" ADD CONSTRAINT "whatsapp_inbox_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "whatsapp_keys" ADD CONSTRAINT "whatsapp_keys_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "saved_contacts_due" ON "saved_contacts" USING btree ("session_id","key") WHERE "saved_contacts"."is_due";--> statement-breakpoint
CREATE INDEX "saved_contacts_why" ON "saved_contacts" USING btree ("session_id") WHERE "saved_contacts"."why" is not null;--> statement-breakpoint
CREATE INDEX "saved_contacts_phone" ON "saved_contacts" USING btree ("location_id","phone");--> statement-breakpoint
CREATE INDEX "saved_contacts_contact" ON "saved_contacts" USING btree ("location_id","contact_id");--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_key" ON "deliveries" USING btree ("key");--> statement-breakpoint
CREATE INDEX "deliveries_lane" ON "deliveries" USING btree ("lane_id","seq") WHERE "deliveries"."state" = 'ready';--> statement-breakpoint
CREATE INDEX "deliveries_of_lane" ON "deliveries" USING btree ("lane_id");--> statement-breakpoint
CREATE INDEX "deliveries_finished" ON "deliveries" USING btree ("finished_at") WHERE "deliveries"."state" <> 'ready';--> statement-breakpoint
CREATE INDEX "lanes_open" ON "lanes" USING btree ("rank","due_at") WHERE "lanes"."session_id" is null and "lanes"."busy_by" is null and "lanes"."due_at" < 'infinity';--> statement-breakpoint
CREATE INDEX "lanes_session" ON "lanes" USING btree ("session_id","due_at");--> statement-breakpoint
CREATE INDEX "lanes_busy" ON "lanes" USING btree ("busy_until") WHERE "lanes"."busy_until" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_open" ON "alerts" USING btree ("session_id") WHERE "alerts"."resolved_at" is null;--> statement-breakpoint
CREATE INDEX "alerts_session" ON "alerts" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "alerts_location" ON "alerts" USING btree ("location_id");--> statement-breakpoint
CREATE UNIQUE INDEX "mails_key" ON "mails" USING btree ("key");--> statement-breakpoint
CREATE INDEX "mails_location" ON "mails" USING btree ("location_id");--> statement-breakpoint
CREATE INDEX "mails_due" ON "mails" USING btree ("due_at") WHERE "mails"."finished_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_crm" ON "messages" USING btree ("location_id","crm_message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_remote" ON "messages" USING btree ("chat_id","remote_id") WHERE "messages"."chat_id" is not null;--> statement-breakpoint
CREATE INDEX "messages_location" ON "messages" USING btree ("location_id","id");--> statement-breakpoint
CREATE INDEX "messages_person" ON "messages" USING btree ("person_id","id");--> statement-breakpoint
CREATE INDEX "messages_session" ON "messages" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "messages_held" ON "messages" USING btree ("held_at") WHERE "messages"."held_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "parts_remote" ON "parts" USING btree ("session_id","remote_id");--> statement-breakpoint
CREATE UNIQUE INDEX "parts_seq" ON "parts" USING btree ("chat_id","seq");--> statement-breakpoint
CREATE INDEX "parts_message" ON "parts" USING btree ("message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "chats_person" ON "chats" USING btree ("session_id","person_id");--> statement-breakpoint
CREATE INDEX "chats_of_person" ON "chats" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "chats_opened" ON "chats" USING btree ("session_id","opened_at") WHERE "chats"."opened_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "people_contact" ON "people" USING btree ("location_id","contact_id");--> statement-breakpoint
CREATE INDEX "people_affinity" ON "people" USING btree ("affinity_session_id");--> statement-breakpoint
CREATE INDEX "person_addresses_person" ON "person_addresses" USING btree ("person_id");--> statement-breakpoint
CREATE UNIQUE INDEX "leases_epoch" ON "leases" USING btree ("session_id","epoch");--> statement-breakpoint
CREATE INDEX "leases_until" ON "leases" USING btree ("lease_until");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_label" ON "sessions" USING btree ("location_id",lower("label"));--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_account_tag" ON "sessions" USING btree ("location_id","account_tag");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_priority" ON "sessions" USING btree ("location_id","priority");--> statement-breakpoint
CREATE INDEX "sessions_phone" ON "sessions" USING btree ("phone");--> statement-breakpoint
CREATE INDEX "audit_entries_location" ON "audit_entries" USING btree ("location_id","at");--> statement-breakpoint
CREATE INDEX "browser_sessions_seen" ON "browser_sessions" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "sub_accounts_company" ON "sub_accounts" USING btree ("company_id");--> statement-breakpoint
CREATE INDEX "kept_affinities_phone" ON "kept_affinities" USING btree ("location_id","phone");--> statement-breakpoint
CREATE INDEX "label_marks_person" ON "label_marks" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "label_wishes_person" ON "label_wishes" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "labels_tag" ON "labels" USING btree ("session_id","tag");--> statement-breakpoint
CREATE INDEX "tag_writes_age" ON "tag_writes" USING btree ("written_at");--> statement-breakpoint
CREATE INDEX "whatsapp_inbox_received" ON "whatsapp_inbox" USING btree ("received_at");