# The two commands of the README, and the longer ones beside them. The work is in Tools/.

.PHONY: help serve build test benchmark format neon parity fixtures soak clean

help:
	@echo "make serve    build Berth and serve the embedded model on 127.0.0.1:8080 (ARGS='--port 9000 ...')"
	@echo "make test     everything that guards a change: format, arrows, unit, parity, API and browser tests"
	@echo "make build    only the release build"
	@echo "make format   rewrite the Swift sources in the project's format"
	@echo "make neon     the kernels for ARM beside the scalar ones, under QEMU"
	@echo "make benchmark timings beside committed thresholds, on an idle machine (ARGS=--update writes them)"
	@echo "make parity   logits beside transformers and llama.cpp, live (needs PyPI, about 10 minutes)"
	@echo "make fixtures rewrite the committed parity fixtures (needs PyPI)"
	@echo "make soak     long fuzzing and load against a running server (SOAK_MINUTES=10)"

serve:
	@Tools/serve.sh $(ARGS)

build:
	@swift=$$(Tools/dependencies.sh build) && $$swift build -c release --product berth

test:
	@Tools/test.sh

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests \
		Benchmarks/Package.swift Benchmarks/Runner

neon:
	@swift=$$(Tools/dependencies.sh neon) && PATH=$$(dirname $$swift):$$PATH Tools/neon/compare.sh

benchmark:
	@swift=$$(Tools/dependencies.sh build) && \
		$$swift run --package-path Benchmarks -c release benchmarks $(ARGS)

parity:
	@Tools/parity/run.sh compare.py $(ARGS)
	@Tools/parity/run.sh compare_embeddings.py

fixtures:
	@Tools/parity/run.sh make_fixtures.py $(ARGS)
	@Tools/parity/run.sh make_encoder_fixtures.py

soak:
	@Tools/soak/run.sh $(ARGS)

clean:
	rm -rf .build
