// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import dev.jay.tensor.SystemRefusals;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * On in every test class (registered as a service): after it, every off-heap byte that it reserved is back. Before it, the
 * system is made to refuse what this run of tests is to do without.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace SPACE = ExtensionContext.Namespace.create(LeakCheck.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        SystemRefusals.asAsked();
        context.getStore(SPACE).put("live", Memory.liveBytes());
    }

    @Override
    public void afterAll(ExtensionContext context) {
        long before = context.getStore(SPACE).get("live", Long.class);
        long after = Memory.liveBytes();
        if (after != before) {
            throw new AssertionError("off-heap leak in " + context.getDisplayName() + ": before=" + before
                    + " bytes, after=" + after + " bytes");
        }
    }
}
