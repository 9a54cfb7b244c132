import { z } from 'zod';
import { JobEvent, type JobKind } from '../contract/jobs.ts';
import type { JobId } from '../contract/vocabulary.ts';
import { type Database, jsonColumn } from './database.ts';

const EventRow = z.object({ event_json: jsonColumn(JobEvent) });

/** The append-only event log of all jobs. What a job is, is a fold over its events. */
export class JobTable {
  constructor(private readonly database: Database) {}

  /** All or none; the first event of a job is `queued`. */
  append(events: readonly JobEvent[]): void {
    this.database.transaction(() => {
      for (const event of events) {
        if (event.type === 'queued') this.#insertJob(event);
        this.database.run('INSERT INTO job_events VALUES (:jobId, :seq, :type, :json)', {
          jobId: event.jobId,
          seq: event.seq,
          type: event.type,
          json: JSON.stringify(event),
        });
      }
    });
  }

  /** Events of one job from sequence number `fromSeq` on. Progress between the state changes is thinned out. */
  events(jobId: JobId, fromSeq = 0): JobEvent[] {
    const sql = 'SELECT event_json FROM job_events WHERE job_id = :jobId AND seq >= :fromSeq ORDER BY seq';
    return this.database.all(EventRow, sql, { jobId, fromSeq }).map((row) => row.event_json);
  }

  /** What a summary needs of the newest `jobLimit` jobs: everything but the metrics; oldest job first. */
  recentEvents(jobLimit: number): JobEvent[] {
    const sql = `
      SELECT e.event_json FROM job_events e
      JOIN (SELECT job_id, queued_at_ms, rowid AS place FROM jobs ORDER BY queued_at_ms DESC, rowid DESC LIMIT :jobLimit) j
        ON j.job_id = e.job_id
      WHERE e.type <> 'metric' ORDER BY j.queued_at_ms, j.place, e.seq`;
    return this.database.all(EventRow, sql, { jobLimit }).map((row) => row.event_json);
  }

  /** Metric events of every job of that kind on that subject, oldest job first. */
  metricEvents(kind: JobKind, subject: string): JobEvent[] {
    const sql = `
      SELECT e.event_json FROM job_events e JOIN jobs j ON j.job_id = e.job_id
      WHERE j.kind = :kind AND j.subject = :subject AND e.type = 'metric' ORDER BY j.queued_at_ms, j.rowid, e.seq`;
    return this.database.all(EventRow, sql, { kind, subject }).map((row) => row.event_json);
  }

  /** How jobs of a kind ended well, oldest job first. */
  successes(kind: JobKind): JobEvent[] {
    const sql = `
      SELECT e.event_json FROM job_events e JOIN jobs j ON j.job_id = e.job_id
      WHERE j.kind = :kind AND e.type = 'succeeded' ORDER BY j.queued_at_ms, j.rowid`;
    return this.database.all(EventRow, sql, { kind }).map((row) => row.event_json);
  }

  /** The last event of each job that has not ended. */
  unfinished(): JobEvent[] {
    const sql = `
      SELECT e.event_json FROM job_events e
      WHERE e.seq = (SELECT max(seq) FROM job_events WHERE job_id = e.job_id)
        AND e.type NOT IN ('succeeded', 'failed', 'cancelled', 'interrupted', 'resumed')`;
    return this.database.all(EventRow, sql).map((row) => row.event_json);
  }

  /** How the newest `limit` jobs began that write outside the project and did not end by themselves. */
  interruptedOutside(limit: number): Extract<JobEvent, { type: 'queued' }>[] {
    const sql = `
      SELECT q.event_json FROM job_events q JOIN jobs j ON j.job_id = q.job_id
      WHERE q.type = 'queued' AND json_extract(q.event_json, '$.writesInto') IS NOT NULL
        AND EXISTS (SELECT 1 FROM job_events i WHERE i.job_id = q.job_id AND i.type = 'interrupted')
      ORDER BY j.rowid DESC LIMIT :limit`;
    return this.database
      .all(EventRow, sql, { limit })
      .map((row) => row.event_json)
      .filter((event) => event.type === 'queued');
  }

  #insertJob(event: Extract<JobEvent, { type: 'queued' }>): void {
    this.database.run('INSERT INTO jobs VALUES (:jobId, :kind, :subject, :atMs)', {
      jobId: event.jobId,
      kind: event.kind,
      subject: event.subject ?? null,
      atMs: event.atMs,
    });
  }
}
