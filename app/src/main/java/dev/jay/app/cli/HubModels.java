// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.hub.Hub;
import dev.jay.app.hub.HubAccess;
import dev.jay.app.hub.HubModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

/** Models that are named {@code hf:...}: what the environment says of the hub, and how far a fetch is. */
final class HubModels implements Hub.Listener, AutoCloseable {
    private final Shell shell;
    private final Hub hub;
    private Progress progress; // while something is fetched

    HubModels(Shell shell, boolean offline) {
        this.shell = shell;
        this.hub = new Hub(access(shell.settings(), offline), this);
    }

    private static HubAccess access(Settings settings, boolean offline) {
        String endpoint = settings.variable("HF_ENDPOINT").replaceAll("/+$", "");
        String said = settings.variable("HF_HUB_OFFLINE");
        boolean never = offline || !said.isEmpty() && !said.equals("0");
        try {
            return new HubAccess(
                    endpoint.isEmpty() ? HubAccess.HUGGING_FACE : URI.create(endpoint),
                    settings.variable("HF_TOKEN").strip(),
                    settings.cacheFolder().resolve("models"),
                    never,
                    HubAccess.PAUSE);
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.CONFIGURATION, "HF_ENDPOINT: " + e.getMessage(), e);
        }
    }

    Hub hub() {
        return hub;
    }

    /** The file or folder of a model on a hub, fetched if it is not here. */
    static Path find(Shell shell, String name, boolean offline) throws IOException {
        HubModel model = HubModel.parse(name);
        try (HubModels models = new HubModels(shell, offline)) {
            return models.hub.find(model);
        }
    }

    @Override
    public void fetched(long bytes, long ofBytes, String file) {
        if (progress == null) progress = new Progress(shell);
        progress.at(bytes, ofBytes, file);
    }

    @Override
    public void say(String line) {
        shell.say("jay: " + line);
    }

    @Override
    public void close() {
        if (progress != null) progress.close();
    }
}
