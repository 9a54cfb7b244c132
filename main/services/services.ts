/** What a shell (Electron, Node host, command line) gets from `createServices` and what it must bring. */
import type { Readable } from 'node:stream';
import type { AppEvent, GpuRuntimeInfo, Handlers } from '../contract/api.ts';
import type { Role } from '../contract/roles.ts';
import type { ClusterChoice } from '../contract/cluster.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import type { Windows } from './windows.ts';

/** The add-on for graphics cards on this computer. */
export interface GpuRuntimeAbility {
  info(): GpuRuntimeInfo;
  /** Tries it; what does not run stays, and `info` says why. Throws AppException contract/bad-input for wheels that are missing or changed. */
  install(folder: string): Promise<void>;
  /** Fetches the wheels from a package index (as pip's index-url), then as `install`. Given up by `stopDownload` it resolves, and what came is used the next time. */
  download(index: string, onProgress?: (receivedBytes: number, totalBytes: number | null) => void): Promise<void>;
  stopDownload(): void;
  remove(): Promise<void>;
}

export interface HostAbilities {
  readonly shell: 'electron' | 'browser' | 'cli';
  readonly version: string;
  readonly userName: string;
  /** Holds what belongs to the user and not to a project (recent projects, settings). */
  readonly stateFolder: string;
  /** Absent where the shell has no folder dialog. */
  readonly pickFolder?: (title: string) => Promise<string | null>;
  readonly gpuRuntime?: GpuRuntimeAbility;
}

export interface BulkAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly contentLength: number | null;
  readonly body: Readable;
}

/** The bytes behind `bulkUrls`; `path` is the URL path with a leading slash. Never throws. */
export interface BulkPlane {
  /** `userName` of who signed in; absent: the user of this computer. */
  get(path: string, userName?: string): Promise<BulkAnswer>;
  upload(body: Readable): Promise<BulkAnswer>;
  /** To a journal of that user. */
  append(path: string, body: Readable, userName?: string): Promise<BulkAnswer>;
}

export interface SignedInUser {
  readonly name: string;
  readonly role: Role;
}

export interface Services {
  /** Of the user of this computer. */
  readonly handlers: Handlers;
  /** The same, with this name in what is saved and accepted. */
  handlersOf(user: SignedInUser): Handlers;
  readonly bulk: BulkPlane;
  /** Pages that are connected. */
  readonly windows: Pick<Windows, 'arrive'>;
  /** A window imports them into its project, once one is open. */
  openImages(paths: readonly string[]): void;
  /** A window asks for the passphrase of this project, then opens it. */
  askForPassphrase(project: string): void;
  /** Returns the unsubscribe function. */
  subscribe(listener: (event: AppEvent) => void): () => void;
  /** Stops jobs (checkpointing), closes the database. */
  close(): Promise<void>;
}

export interface ServiceDependencies {
  readonly compute: ComputeHost;
  readonly host: HostAbilities;
  /** Compute processes on clusters; absent where nothing is sent to any. */
  readonly clusters?: ((choice: ClusterChoice, project: { readonly folder: string; readonly preprocessed: string }) => ComputeHost) | undefined;
}
