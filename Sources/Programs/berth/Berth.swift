import ArgumentParser

@main
struct Berth: AsyncParsableCommand {
}
