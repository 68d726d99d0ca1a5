from steamship.invocable import PackageService

greeting = "Hello"
