"""Scheduled jobs on PostgreSQL and Supabase: each kind of object, its resource, and the component that declares all."""
