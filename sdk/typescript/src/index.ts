/** Use packages of a Steamship engine. */
export { Steamship } from "./steamship.js";
export { PackageInstance, type Config, type InvokeOptions } from "./package-instance.js";
export { PackageInstanceRef } from "./package-instance-ref.js";
export type { Configuration, ConfigurationOptions } from "./configuration.js";
export type { Arguments, Verb } from "./transport.js";
export * from "./errors.js";
