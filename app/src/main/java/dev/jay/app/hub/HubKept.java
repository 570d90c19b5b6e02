// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.nio.file.Path;

/** A repository of which something is kept; a file that two commits share counts for each. */
public record HubKept(String name, Path folder, long bytes) {}
