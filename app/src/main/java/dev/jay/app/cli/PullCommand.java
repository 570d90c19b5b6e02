// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.hub.HubModel;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "pull",
        description = {
            "Fetch a model from Hugging Face, or what is new of one, and print where it lies.",
            "Every other command takes hf:OWNER/REPO too and fetches what is not here; this one also looks for a newer"
                    + " commit. A fetch that was cut off goes on where it was; every file is checked by its hash."
        },
        footer = {
            "",
            "HF_TOKEN is sent to the hub (and to nobody else), HF_ENDPOINT names another hub.",
            "Models are kept in $XDG_CACHE_HOME/jay/models (~/.cache/jay/models); 'jay models' lists them.",
            "",
            "Examples:",
            "  jay pull hf:Qwen/Qwen3-0.6B                          # safetensors",
            "  jay pull hf:owner/model-GGUF                         # one of its GGUF files, and says which",
            "  jay pull hf:owner/model-GGUF/model-Q8_0.gguf         # this one",
            "  jay pull hf:owner/model@v1.0                         # of a branch, a tag or a commit"
        })
final class PullCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(index = "0", paramLabel = "hf:OWNER/REPO[@REVISION][/FILE]", description = "The model.")
    private String name;

    PullCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        HubModel model = HubModel.parse(name.startsWith("hf:") ? name : "hf:" + name);
        try (HubModels models = new HubModels(shell, false)) {
            shell.out().print(models.hub().update(model) + "\n");
        }
        return ExitCode.OK.code();
    }
}
