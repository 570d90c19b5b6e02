// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/**
 * Adapters of an open model.
 *
 * @param id     their place among the model's, from 0
 * @param name   what they were called when the model was opened
 * @param path   where they were read from
 * @param digest of what they do: the same for the same adapters, wherever they lie
 */
public record LoadedAdapter(int id, String name, String path, String digest) {}
