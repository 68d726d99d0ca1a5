/** The client. */
import { type Configuration, type ConfigurationOptions, resolveConfiguration } from "./configuration.js";
import { derivedHandle } from "./derived-handle.js";
import { InvalidRequestError } from "./errors.js";
import { type Config, createInstance } from "./package-instance.js";
import { PackageInstanceRef } from "./package-instance-ref.js";
import { Transport } from "./transport.js";

type Maybe<Value> = Value | null | undefined;

/** A client of one engine, for one key, in one workspace. */
export class Steamship {
  readonly #options: ConfigurationOptions;
  #configuration: Promise<Configuration> | undefined;

  /** Nothing is read or sent before it is needed. Without a workspace it is the user's `default`. */
  constructor(options: ConfigurationOptions = {}) {
    this.#options = { ...options };
  }

  /**
   * Use a package: create the instance, or find the one that exists, in the workspace of its name.
   *
   * `instance` defaults to the package's handle. Without a `version` a new instance gets the one
   * deployed last. `config` may also stand in the place of the version.
   */
  static use(packageHandle: string, instance: Maybe<string>, config: Config): PackageInstanceRef;
  static use(
    packageHandle: string,
    instance?: Maybe<string>,
    version?: Maybe<string>,
    config?: Maybe<Config>,
  ): PackageInstanceRef;
  static use(
    packageHandle: string,
    instance?: Maybe<string>,
    version?: Maybe<string> | Config,
    config?: Maybe<Config>,
  ): PackageInstanceRef {
    const handle = instance ?? packageHandle;
    const client = new Steamship();
    return client.#begin(packageHandle, handle, { handle }, version, config);
  }

  /**
   * Use a package in this client's workspace.
   *
   * As the static `use`, but a config without an instance handle gives the handle that every SDK
   * derives from the package's handle, the config and the version.
   */
  use(packageHandle: string, instance: Maybe<string>, config: Config): PackageInstanceRef;
  use(
    packageHandle: string,
    instance?: Maybe<string>,
    version?: Maybe<string>,
    config?: Maybe<Config>,
  ): PackageInstanceRef;
  use(
    packageHandle: string,
    instance?: Maybe<string>,
    version?: Maybe<string> | Config,
    config?: Maybe<Config>,
  ): PackageInstanceRef {
    return this.#begin(packageHandle, instance, null, version, config);
  }

  /** The settled bases and workspace. Rejects with AuthenticationError where there is no key. */
  configuration(): Promise<Configuration> {
    this.#configuration ??= resolveConfiguration(this.#options);
    return this.#configuration;
  }

  #begin(
    packageHandle: string,
    instance: Maybe<string>,
    workspace: { handle: string } | null,
    third: Maybe<string> | Config,
    fourth: Maybe<Config>,
  ): PackageInstanceRef {
    let handle = instance ?? packageHandle;
    const create = async (version: string | undefined, config: Config | undefined) => {
      const configuration = await this.configuration();
      return createInstance(new Transport(configuration), {
        packageHandle,
        handle,
        version,
        config,
        workspace: workspace ?? workspaceOf(configuration),
      });
    };
    try {
      const [version, config] = versionAndConfig(third, fourth);
      checkHandles(packageHandle, handle);
      if (workspace === null && config !== undefined && (instance ?? null) === null) {
        handle = derivedHandle(packageHandle, config, version ?? null);
      }
      return new PackageInstanceRef(packageHandle, handle, create(version, config));
    } catch (error) {
      // `use` itself never throws: whatever is wrong arrives where the instance is awaited or invoked.
      return new PackageInstanceRef(packageHandle, handle, Promise.reject(error));
    }
  }
}

function workspaceOf({ workspaceId, workspaceHandle }: Configuration): { id: string } | { handle: string } {
  return workspaceId === undefined ? { handle: workspaceHandle ?? "default" } : { id: workspaceId };
}

function versionAndConfig(
  third: Maybe<string> | Config,
  fourth: Maybe<Config>,
): [version: string | undefined, config: Config | undefined] {
  const isConfig = typeof third === "object" && third !== null;
  if (isConfig && fourth !== undefined && fourth !== null) {
    throw new InvalidRequestError("`use` was given two configs. Pass the version third and the config fourth.");
  }
  const [version, config] = isConfig ? [undefined, third] : [third ?? undefined, fourth ?? undefined];
  if (version !== undefined && typeof version !== "string") {
    throw new InvalidRequestError(`The version "${String(version)}" is no text. Pass one like "1.0.0".`);
  }
  if (config !== undefined && !isPlainObject(config)) {
    throw new InvalidRequestError(`The config "${String(config)}" is no plain object. Pass one like {key: "value"}.`);
  }
  return [version, config];
}

function checkHandles(packageHandle: unknown, instance: unknown): void {
  for (const [what, handle] of Object.entries({ package: packageHandle, instance })) {
    if (typeof handle !== "string") {
      throw new InvalidRequestError(`The ${what} handle "${String(handle)}" is no text. Pass one like "my-${what}".`);
    }
  }
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
